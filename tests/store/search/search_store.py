"""Articles in seven languages, and what a person asks for."""

from datetime import UTC, datetime, timedelta

from onestory.store.articles.save import save_articles
from onestory.store.database import Store
from onestory.store.search.full_text_index import index_all_due
from tests.readings import reading

__all__ = ["ARTICLES", "QUERIES", "keep"]

NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)
# Name: headline, text.
ARTICLES = {
    "bridge": (
        "Harbour bridge to close",
        "The port authority said the harbour bridge at Port Ellery will close on Monday.",
    ),
    "ferry": (
        "Ferry crews vote",
        "Crews of the island ferries don't want to work nights. The bridge is not touched by it.",
    ),
    "cafe": ("Café opens", "A café opened in the naïve old quarter; its owner, Zoë, comes from Kraków."),
    "budget": (
        "Town budget 2027",
        "Spending rises by 3.5% to 11 million crowns, the harbour included. Bridge tolls stay.",
    ),
    "bruecke": ("Hafenbrücke gesperrt", "Die Hafenbrücke wird ab Montag gesperrt. Die Straße am Kai bleibt offen."),
    "faehre": ("Fähre fällt aus", "Wegen eines Streiks fällt die Fähre am Mittwoch aus, teilte die Reederei mit."),
    "puente": (
        "Cierran el puente",
        "El puente del puerto cerrará seis semanas, según la autoridad portuaria. Mañana habrá más.",
    ),
    "most": ("Мост закроют", "Портовый мост закроют на шесть недель. Ёлки на набережной останутся."),
    "jisr": ("إغلاق الجسر", "قالت سلطة الميناء إن الْجِسْر سيغلق ستة أسابيع اعتبارا من يوم الاثنين."),
    "pul": ("पुल बंद होगा", "बंदरगाह का पुल सोमवार से छह हफ़्ते बंद रहेगा, अधिकारियों ने कहा।"),
    "hashi": (
        "港の橋、月曜から通行止め",
        "港湾局は、東港大橋を月曜日から六週間通行止めにすると発表した。ガス管も調べる。",
    ),
    "kujira": ("東京湾で鯨", "東京湾で鯨が見つかった。調査船が近づき、写真を撮った。"),
    "qiao": ("港口大桥将关闭", "港务局周四表示,港口大桥将从周一起关闭六周,渡轮每十分钟一班。"),
    "yu": ("渡轮罢工", "北方岛屿的渡轮船员周三投票决定下周停工两天,抗议夜班。"),
    "saphan": ("ปิดสะพานท่าเรือ", "การท่าเรือแถลงว่าจะปิดสะพานท่าเรือเป็นเวลาหกสัปดาห์ตั้งแต่วันจันทร์"),
    "ruea": ("เรือข้ามฟากหยุดเดินเรือ", "ลูกเรือของเรือข้ามฟากลงมติหยุดงานสองวันในสัปดาห์หน้า"),
    "dari": (
        "항구 다리 폐쇄",
        "항만청은 항구 다리가 월요일부터 6주 동안 폐쇄된다고 밝혔다. 서울에서 온 기술자들이 조사한다.",
    ),
}
# A query, and the articles that it finds.
QUERIES: dict[str, set[str]] = {
    "harbour bridge": {"bridge", "budget"},
    '"harbour bridge"': {"bridge"},
    "“harbour bridge”": {"bridge"},
    "bridge -harbour": {"ferry"},
    'bridge -"port authority" -nights': {"budget"},
    "HARBOUR": {"bridge", "budget"},
    "harb": set(),
    "cafe": {"cafe"},
    "CAFÉ zoe": {"cafe"},
    "krakow naive": {"cafe"},
    "don't": {"ferry"},
    "don’t work": {"ferry"},
    "3.5%": {"budget"},
    "11 million": {"budget"},
    '"close monday"': set(),
    '"close on monday"': {"bridge"},
    '"to close the port"': set(),
    "hafenbrucke": {"bruecke"},
    "STRASSE": {"bruecke"},
    "straße kai": {"bruecke"},
    "fahre -hafenbrücke": {"faehre"},
    "puente": {"puente"},
    "manana autoridad": {"puente"},
    "мост": {"most"},
    "елки": {"most"},
    "الجسر": {"jisr"},
    "الاثنين -мост": {"jisr"},
    "पुल": {"pul"},
    "सोमवार बंद": {"pul"},
    "通行止め": {"hashi"},
    "東港大橋": {"hashi"},
    "東大": set(),
    "鯨": {"kujira"},
    "東京 鯨": {"kujira"},
    "港": {"hashi", "qiao"},
    "港 -大橋": {"qiao"},
    "ｶﾞｽ管": {"hashi"},
    "大桥": {"qiao"},
    "渡轮": {"qiao", "yu"},
    "渡轮 -罢工": {"qiao"},
    '"渡轮船员"': {"yu"},
    "สะพาน": {"saphan"},
    "สัปดาห์": {"saphan", "ruea"},
    "สัปดาห์ -สะพาน": {"ruea"},
    "เรือ": {"saphan", "ruea"},
    "서울": {"dari"},
    "다리 폐쇄": {"dari"},
    "항구다리": set(),
}


def keep(store: Store, texts: dict[str, tuple[str, str]]) -> None:
    """Stores the texts as articles at `https://NAME.example/`, and takes them in."""
    readings = [
        reading(f"https://{name}.example/", text, title=title, outlet=name, observed=NOON + timedelta(minutes=at))
        for at, (name, (title, text)) in enumerate(texts.items())
    ]
    with store.write() as connection:
        save_articles(connection, readings, now=NOON)
    index_all_due(store)
