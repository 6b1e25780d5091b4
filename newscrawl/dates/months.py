"""Names of months, and of the zones whose short name means one offset only."""

from __future__ import annotations

import unicodedata

_NAMES = (
    "jan january januar januari janv janvier ene enero gen gennaio janeiro stycznia styczeń sty ledna leden"
    " januára január января январь янв січня січень січ ocak oca tammikuuta tammikuu janúar ιανουαρίου ιαν"
    " ianuarie ian siječnja januarja януари janvāris janvāra jaanuar sausio gener xaneiro يناير جنفي جانفي جنوری"
    " जनवरी ינואר",
    "feb february februar februari fevr févr fév fev fevrier février febrero febbraio fevereiro lutego luty února"
    " únor február februára февраля февраль фев февр лютого лютий лют şubat şub helmikuuta helmikuu febrúar"
    " φεβρουαρίου φεβ februarie veljače februarja февруари februāris februāra veebruar vasario febrer febreiro"
    " فبراير فيفري फरवरी פברואר",
    "mar march märz maerz mars maart marts mär mrz marzo março marca marzec března březen március марта март мар"
    " березня березень бер mart maaliskuuta maaliskuu μαρτίου μαρ martie ožujka maret märts kovo març مارس मार्च"
    " מרץ",
    "apr april avr avril abr abril aprile kwietnia kwiecień kwi dubna duben apríla április апреля апрель апр"
    " квітня квітень кві nisan nis huhtikuuta huhtikuu apríl απριλίου απρ aprilie travnja aprila април aprīlis"
    " aprīļa aprill balandžio أبريل ابريل أفريل अप्रैल אפריל",
    "may mai mayo maggio mag maio mei maj maja květen května mája máj május мая май травня травень тра mayıs"
    " toukokuuta toukokuu maí μαΐου μάιος svibnja мај maijs maijā gegužės maig مايو ماي मई מאי",
    "jun june juni juin junio giugno giu junho czerwca czerwiec cze června červen júna jún június июня июнь июн"
    " червня червень чер haziran haz kesäkuuta kesäkuu júní ιουνίου ιουν iunie iun lipnja junija юни jūnijs jūnija"
    " juuni birželio juny xuño يونيو جوان जून יוני",
    "jul july juli juil juillet julio luglio lug julho lipca lipiec července červenec júla júl július июля июль"
    " июл липня липень temmuz tem heinäkuuta heinäkuu júlí ιουλίου ιουλ iulie iul srpnja julija юли jūlijs jūlija"
    " juuli liepos juliol xullo يوليو جويلية जुलाई יולי",
    "aug august août aout ago agosto ağustos ağu augustus augusti sierpnia sierpień sie srpna srpen augusta"
    " augusztus августа август авг серпня серпень elokuuta elokuu ágúst αυγούστου αυγ kolovoza avgusta agustus"
    " augusts rugpjūčio agost أغسطس اغسطس أوت अगस्त אוגוסט",
    "sep sept september septembre septiembre set settembre setembro setiembre września wrzesień wrz září"
    " septembra szeptember сентября сентябрь сен сент вересня вересень eylül eyl syyskuuta syyskuu σεπτεμβρίου σεπ"
    " septembrie rujna септември septembris rugsėjo setembre سبتمبر सितंबर सितम्बर ספטמבר",
    "oct october okt oktober octobre octubre ott ottobre out outubro października październik paź října říjen"
    " októbra október октября октябрь окт жовтня жовтень ekim eki lokakuuta lokakuu οκτωβρίου οκτ octombrie"
    " oktobra октомври oktobris oktoober spalio أكتوبر اكتوبر अक्टूबर אוקטובר",
    "nov november novembre noviembre novembro listopada listopad lis listopadu novembra noiembrie ноября ноябрь"
    " ноя листопада листопад kasım kas marraskuuta marraskuu nóvember νοεμβρίου νοε studenoga ноември novembris"
    " lapkričio نوفمبر नवंबर नवम्बर נובמבר",
    "dec december dez dezember déc décembre decembre dic diciembre dicembre dezembro grudnia grudzień gru"
    " prosince prosinec decembra декабря декабрь дек грудня грудень aralık ara joulukuuta joulukuu desember"
    " δεκεμβρίου δεκ decembrie prosinca декември decembris gruodžio desembre decembro ديسمبر दिसंबर दिसम्बर דצמבר",
)


def _plain(name: str) -> str:
    """*name* in one case, without accents: pages drop them, capitals most of all."""
    folded = unicodedata.normalize("NFKD", name.casefold())
    return unicodedata.normalize("NFC", "".join(ch for ch in folded if not "\u0300" <= ch <= "\u036f"))


MONTHS: dict[str, int] = {}
for _number, _names in enumerate(_NAMES, start=1):
    for _name in _names.split():
        MONTHS.setdefault(_plain(_name), _number)


def month_of(name: str) -> int:
    """Return the number of a month's name or its usual short form in one of the languages known here, or 0.

    >>> month_of("MÄRZ"), month_of("мая"), month_of("listopadu"), month_of("smarch")
    (3, 5, 11, 0)
    """
    return MONTHS.get(_plain(name.rstrip(".")), 0)
