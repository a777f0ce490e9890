"""QR codes, by the encoder of reportlab."""

from reportlab.graphics.barcode.qrencoder import QRCode, QRErrorCorrectLevel

QUIET = 4  # light modules around it, without which no camera finds it (ISO/IEC 18004)


def qr_path(text: str) -> tuple[int, str]:
    """Return the side of a QR code in modules, its quiet border included, and its dark ones as an SVG path.

    A run of dark modules in a row is one rectangle. Level M: 15 % of it may be dirty.
    """
    code = QRCode(None, QRErrorCorrectLevel.M)
    code.addData(text)
    code.make()
    count = code.getModuleCount()
    parts = list[str]()
    for row in range(count):
        column = 0
        while column < count:
            begin = column
            while column < count and code.isDark(row, column):
                column += 1
            if column > begin:
                parts.append(f"M{begin + QUIET} {row + QUIET}h{column - begin}v1h{begin - column}z")
            column += 1
    return count + 2 * QUIET, "".join(parts)
