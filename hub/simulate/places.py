"""Where simulated stations are (core): communes and wards of the provinces as they are since July 2025.

A few of each; a fleet that is larger than the list has further posts of the same commune. Source: resolutions
of the Standing Committee of the National Assembly on the arrangement of communes, June 2025.
"""

import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from contract.ids import StationId

PLACES: Final = {
    "Điện Biên": "Mường Nhé, Nậm Kè, Sín Thầu, Tủa Chùa, Mường Chà, Na Sang, Tuần Giáo, Búng Lao, Núa Ngam",
    "Lai Châu": "Mường Tè, Bum Tở, Thu Lũm, Pa Ủ, Sìn Hồ, Phong Thổ, Dào San, Tam Đường, Than Uyên",
    "Sơn La": "Sốp Cộp, Mường Lèo, Bắc Yên, Tà Xùa, Phù Yên, Vân Hồ, Mộc Sơn, Yên Châu, Mường La",
    "Lào Cai": "Mường Khương, Si Ma Cai, Bắc Hà, Y Tý, Bát Xát, Mù Cang Chải, Trạm Tấu, Khao Mang, Võ Lao",
    "Tuyên Quang": "Đồng Văn, Mèo Vạc, Lũng Cú, Yên Minh, Hoàng Su Phì, Xín Mần, Na Hang, Lâm Bình, Sơn Vĩ",
    "Cao Bằng": "Bảo Lạc, Bảo Lâm, Hạ Lang, Trùng Khánh, Nguyên Bình, Thông Nông, Quảng Lâm, Đàm Thủy",
    "Lạng Sơn": "Bình Gia, Đình Lập, Mẫu Sơn, Tràng Định, Hữu Lũng, Chi Lăng, Bắc Sơn, Châu Sơn",
    "Thái Nguyên": "Ba Bể, Chợ Đồn, Na Rì, Ngân Sơn, Pác Nặm, Định Hóa, Võ Nhai, Đồng Phúc",
    "Phú Thọ": "Mai Châu, Đà Bắc, Lạc Sơn, Tân Lạc, Thanh Sơn, Tân Sơn, Xuân Đài, Kim Bôi",
    "Bắc Ninh": "Sơn Động, Lục Ngạn, Biển Động, Yên Thế, Lục Nam, Tây Yên Tử, Đồng Kỳ",
    "Quảng Ninh": "Cô Tô, Vân Đồn, Ba Chẽ, Bình Liêu, Hải Hòa, Hoành Mô, Đầm Hà, Vĩnh Thực",
    "Hải Phòng": "Cát Hải, Bạch Long Vĩ, Vĩnh Bảo, Tiên Lãng, An Lão, Thanh Miện, Ninh Giang",
    "Hà Nội": "Ba Vì, Suối Hai, Minh Châu, Yên Xuân, Mỹ Đức, Hương Sơn, Sóc Sơn, Đa Phúc",
    "Hưng Yên": "Thái Thụy, Tiền Hải, Đông Hưng, Quỳnh Phụ, Khoái Châu, Ân Thi",
    "Ninh Bình": "Nho Quan, Kim Sơn, Hải Hậu, Giao Thủy, Nghĩa Hưng, Thanh Liêm, Cúc Phương",
    "Thanh Hóa": "Mường Lát, Quan Sơn, Quan Hóa, Bá Thước, Pù Luông, Thường Xuân, Như Xuân, Trung Lý",
    "Nghệ An": "Kỳ Sơn, Mường Xén, Tương Dương, Con Cuông, Quế Phong, Tri Lễ, Quỳ Châu, Na Ngoi, Keng Đu",
    "Hà Tĩnh": "Vũ Quang, Hương Khê, Hương Sơn, Sơn Kim, Kỳ Anh, Cẩm Xuyên, Nghi Xuân",
    "Quảng Trị": "Cồn Cỏ, Hướng Hóa, Đakrông, Tà Rụt, Minh Hóa, Dân Hóa, Trường Sơn, Thượng Trạch",
    "Huế": "A Lưới, A Sáp, Nam Đông, Khe Tre, Phú Lộc, Vinh Lộc, Quảng Điền",
    "Đà Nẵng": "Hoàng Sa, Tân Hiệp, Nam Trà My, Trà Linh, Tây Giang, Đông Giang, Phước Sơn, Nam Giang",
    "Quảng Ngãi": "Lý Sơn, Trà Bồng, Sơn Tây, Ba Tơ, Đăk Glei, Tu Mơ Rông, Ngọc Linh, Sa Thầy, Măng Đen",
    "Gia Lai": "Nhơn Châu, An Lão, Vĩnh Thạnh, Vân Canh, Kbang, Kông Chro, Chư Prông, Ia Grai, Đức Cơ",
    "Đắk Lắk": "Buôn Đôn, Ea Súp, Krông Bông, Lắk, M'Drắk, Sông Hinh, Sơn Hòa, Đồng Xuân",
    "Khánh Hòa": "Trường Sa, Vạn Ninh, Khánh Sơn, Khánh Vĩnh, Bác Ái, Ninh Hải, Thuận Bắc, Cam Lâm",
    "Lâm Đồng": "Phú Quý, Đam Rông, Lạc Dương, Tuy Đức, Đắk Glong, Đạ Tẻh, Tánh Linh, Hàm Thuận",
    "Đồng Nai": "Bù Gia Mập, Bù Đăng, Lộc Ninh, Bù Đốp, Tân Phú, Định Quán, Nhơn Trạch",
    "TP Hồ Chí Minh": "Côn Đảo, Cần Giờ, Thạnh An, Long Sơn, Xuyên Mộc, Dầu Tiếng, Phú Giáo, Long Hòa",
    "Tây Ninh": "Tân Biên, Tân Châu, Bến Cầu, Mộc Hóa, Vĩnh Hưng, Tân Hưng, Đức Huệ",
    "Đồng Tháp": "Tân Hồng, Hồng Ngự, Tam Nông, Tháp Mười, Gò Công, Tân Phú Đông, Cái Bè",
    "Vĩnh Long": "Bình Đại, Ba Tri, Thạnh Phú, Duyên Hải, Trà Cú, Long Hòa, Cầu Kè, Trà Ôn",
    "An Giang": "Thổ Châu, Phú Quốc, Kiên Hải, Hòn Nghệ, Tiên Hải, Tịnh Biên, Tri Tôn, An Minh",
    "Cần Thơ": "Cù Lao Dung, Trần Đề, Vĩnh Châu, Long Mỹ, Vị Thủy, Phong Điền, Thạnh Trị",
    "Cà Mau": "Đất Mũi, Ngọc Hiển, Năm Căn, Khánh Hội, Sông Đốc, U Minh, Gành Hào, Đông Hải",
}


@dataclass(frozen=True, slots=True)
class Place:
    """A simulated station: its id, what people call it, and the units that it belongs to, from the top."""

    station: StationId
    name: str
    units: tuple[str, ...]


def places(*, units: int | None = None) -> Iterator[Place]:
    """Yield places without end, spread over the communes of all provinces, or of so many communes only."""
    by_province = [(province, names.split(", ")) for province, names in PLACES.items()]
    most = max(len(names) for _, names in by_province)
    communes = [
        (province, names[at]) for at in range(most) for province, names in by_province if at < len(names)
    ][:units]
    taken: set[str] = set()
    post = 0
    while True:
        post += 1
        for province, commune in communes:
            station, name = f"{_plain(commune)}-{post:02}", f"Trạm y tế {commune}"
            if station in taken:  # two provinces have a commune of that name
                station = f"{_plain(commune)[:18]}-{_plain(province)[:8].rstrip('-')}-{post:02}"
            taken.add(station)
            whole = name if post == 1 else f"{name}, điểm trạm {post - 1}"
            yield Place(StationId(station), f"{whole} ({province})", (province, commune))


def _plain(text: str) -> str:
    """Return a name as ids have it: without accents, in small letters, with hyphens."""
    bare = unicodedata.normalize("NFD", text.replace("Đ", "D").replace("đ", "d").replace("'", ""))
    return "".join(one for one in bare if not unicodedata.combining(one)).lower().replace(" ", "-")
