"""Who sends how well over a poor link: the parts of `./run bench links`.

The same film and the same speech (`clip.py`) go by four senders over the link laboratory into Chromium. A
barcode in the picture says which frame of the film a decoded one is; `ssim.py` and `estoi.py` say what is
left of picture and voice; `figures.py` reckons the numbers from the laboratory's log.
"""
