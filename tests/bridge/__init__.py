"""What an outage and kills make of a broker with a bridge, and of ours: `./run bench bridge`.

`schedule` is what happens when, `mosquitto` a broker beside the box with a bridge to the hub's, `traffic` who
publishes and who hears, `bridged` one run of that, `ours` the same through `edge vitals` and the hub.
"""
