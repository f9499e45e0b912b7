"""Texts of a news agency, and pages of the papers that publish them."""

AGENCY_TEXT = (
    "A ferry with 214 passengers ran aground off the island of Ellis early on Monday, the coast "
    "guard said. Nobody was hurt. The vessel had left the mainland at half past five and was "
    "nearing the western pier when its steering failed, according to the operator. A tug from the "
    "naval base reached the stranded ship within an hour, but the ebbing tide prevented a first "
    "attempt to pull it free.\n"
    "The passengers, among them two school classes on their way home, were given breakfast and "
    "blankets. Later in the morning lifeboats began to carry families with small children ashore, "
    "while divers looked for damage below the waterline. Heavy swell is expected for the "
    "afternoon, and the harbour master wants everyone off the ship by then.\n"
    "It is the third accident on this route since 2019. Islanders have long complained about the "
    "age of the fleet; the regional government promised new vessels last spring but has not signed "
    "a contract so far."
)
OTHER_TEXT = (
    "The city library opens its reading rooms on Sundays again. For the past eleven years the "
    "building in Castle Lane had been closed at weekends to save money, and students queued in "
    "front of the university's much smaller reading hall instead. A petition with 9,400 signatures "
    "convinced the council, which will spend an additional 80,000 a year on guards and heating. "
    "Books cannot be borrowed on Sundays, the librarian explained, because her staff do not work "
    "then; but every shelf is accessible, newspapers are laid out from ten o'clock, and the café "
    "bakes its own bread. The decision is limited to two years. After that a report is to show how "
    "many people came, how long they stayed, and which of them had never used a library before."
)
CHINESE_TEXT = (
    "海岸警卫队表示,星期一清晨一艘载有二百一十四名乘客的渡轮在小岛附近搁浅,没有人员受伤。"
    "渡轮清晨离开大陆,在接近西码头时舵机失灵。海军基地派出的拖船一小时内抵达现场,但因退潮未能"
    "将船拖出。船上乘客包括两个返家的学校班级,他们得到了早餐和毛毯。上午救生艇开始把带小孩的家庭"
    "送上岸,潜水员检查水下部分的损坏情况。预计下午将有大浪,港务局长希望在此之前所有人都能离船。"
    "这是该航线数年来的第三起事故。岛上居民长期抱怨船队老旧,地区政府去年春天承诺购买新船,但至今"
    "尚未签订合同。"
)
BRIEF = "The pool is closed today because of a defect. The town asks all visitors to be patient."


def page(title: str, text: str, site: str, published: str, more: str = "") -> str:
    """Return an article's page with the boilerplate of its site."""
    paragraphs = "".join(f"<p>{paragraph}</p>" for paragraph in text.split("\n"))
    return (
        f'<!doctype html><html lang="en"><head><title>{title} | {site}</title>'
        f'<meta property="og:site_name" content="{site}">'
        f'<meta property="article:published_time" content="{published}">{more}</head><body>'
        f'<header><nav><a href="/">{site}</a> <a href="/about">About</a></nav></header>'
        f"<main><article><h1>{title}</h1>{paragraphs}</article></main>"
        f"<footer><p>Copyright 2026 {site}</p></footer></body></html>"
    )
