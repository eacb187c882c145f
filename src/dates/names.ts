/**
 * The names of months and weekdays in the languages that mail programs write them in, instead of in English as RFC 5322 wants. Whole names are
 * listed in the form in which they stand in dates (Slavic languages: genitive and nominative), each with the short forms that are not its
 * beginning; any beginning of three letters or more is known too, where it means one month only. English comes first and wins.
 */
import { folded } from './pieces.ts'

/** One line a language, one word a month (`-`: it has none of its own, of one word); a stroke parts the forms of one month. */
const monthNames = [
  // English
  'january february march april may june july august september october november december',
  // German
  'januar|jänner|jan|jän feber|februar märz|mrz|maerz|mär april mai juni juli august september oktober|okt november dezember|dez',
  // French
  'janvier|janv février|fév|fev mars avril|avr mai juin juillet|juil août|aou septembre|sept octobre novembre décembre|déc',
  // Spanish
  'enero|ene febrero marzo abril|abr mayo junio julio agosto|ago septiembre|setiembre|set octubre noviembre diciembre|dic',
  // Italian
  'gennaio|gen febbraio marzo aprile maggio|mag giugno|giu luglio|lug agosto settembre|set|sett ottobre|ott novembre dicembre',
  // Portuguese
  'janeiro fevereiro|fev março abril maio junho julho agosto setembro outubro|out novembro dezembro|dez',
  // Catalan
  'gener febrer març abril maig juny juliol agost|ag setembre octubre novembre desembre|des',
  // Romanian
  'ianuarie|ian februarie martie aprilie mai iunie|iun iulie|iul august septembrie octombrie noiembrie|noi decembrie',
  // Dutch
  'januari februari maart|mrt april mei juni juli augustus september oktober november december',
  // Swedish, Danish and Norwegian
  'januari februari mars|marts april maj|mai juni juli augusti september oktober november december|desember|des',
  // Icelandic
  'janúar febrúar mars apríl maí júní júlí ágúst september október nóvember desember',
  // Polish
  'stycznia|styczeń|sty lutego|luty|lut marca|marzec kwietnia|kwiecień|kwi maja|maj czerwca|czerwiec|cze lipca|lipiec|lip sierpnia|sierpień|sie września|wrzesień|wrz października|październik|paź|paz listopada|listopad|lis grudnia|grudzień|gru',
  // Czech
  'ledna|leden|led února|únor|úno března|březen|bře dubna|duben|dub května|květen|kvě června|červen|čer|čvn července|červenec|čvc|čec srpna|srpen|srp září|zář října|říjen|říj listopadu|listopad prosince|prosinec|pro',
  // Slovak and Slovenian
  'januára|január februára|február marca|marec apríla|apríl mája|máj júna|jún|junij júla|júl|julij augusta|august|avgust|avg septembra|september októbra|október novembra|november decembra|december',
  // Croatian, where it does not contradict Polish and Czech
  'siječnja|siječanj veljače|veljača ožujka|ožujak travnja|travanj svibnja|svibanj lipnja|lipanj srpnja|srpanj kolovoza|kolovoz rujna|rujan listopad studenoga|studeni prosinca|prosinac',
  // Hungarian
  'január február március|márc április|ápr május|máj június július augusztus szeptember|szept október november december',
  // Finnish
  'tammikuuta|tammikuu helmikuuta|helmikuu maaliskuuta|maaliskuu huhtikuuta|huhtikuu toukokuuta|toukokuu kesäkuuta|kesäkuu heinäkuuta|heinäkuu elokuuta|elokuu syyskuuta|syyskuu lokakuuta|lokakuu marraskuuta|marraskuu joulukuuta|joulukuu',
  // Estonian
  'jaanuar veebruar märts aprill mai juuni juuli august september oktoober november detsember|dets',
  // Latvian
  'janvāris februāris marts aprīlis maijs jūnijs jūlijs augusts septembris oktobris novembris decembris',
  // Lithuanian
  'sausio|sausis|saus vasario|vasaris|vas kovo|kovas|kov balandžio|balandis|bal gegužės|gegužė|geg birželio|birželis|birž liepos|liepa|liep rugpjūčio|rugpjūtis|rugp rugsėjo|rugsėjis|rugs spalio|spalis|spal lapkričio|lapkritis|lapkr gruodžio|gruodis|gruod',
  // Turkish
  'ocak|oca şubat|şub mart nisan|nis mayıs haziran|haz temmuz|tem ağustos|ağu eylül|eyl ekim|eki kasım|kas aralık|ara',
  // Indonesian and Malay
  'januari februari maret|mac april mei juni|jun juli|julai agustus|agu|agt|ogos|ogo september oktober november desember|disember',
  // Russian
  'января|январь февраля|февраль марта|март апреля|апрель мая|май июня|июнь июля|июль августа|август сентября|сентябрь октября|октябрь ноября|ноябрь декабря|декабрь',
  // Ukrainian
  'січня|січень лютого|лютий березня|березень квітня|квітень травня|травень червня|червень липня|липень серпня|серпень вересня|вересень жовтня|жовтень листопада|листопад грудня|грудень',
  // Bulgarian
  'януари|яну февруари март април май юни юли август септември октомври|окт ноември декември',
  // Serbian
  'јануар фебруар март април мај јун јул август септембар октобар новембар децембар',
  // Galician, where it is not Portuguese
  'xaneiro|xan febreiro marzo abril maio xuño xullo|xul agosto setembro outubro novembro decembro',
  // Greek
  'ιανουαρίου|ιανουάριος|ιαν φεβρουαρίου|φεβρουάριος|φεβ μαρτίου|μάρτιος|μαρ απριλίου|απρίλιος|απρ μαΐου|μάιος|μαι|μαϊ ιουνίου|ιούνιος|ιουν ιουλίου|ιούλιος|ιουλ αυγούστου|αύγουστος|αυγ σεπτεμβρίου|σεπτέμβριος|σεπ οκτωβρίου|οκτώβριος|οκτ νοεμβρίου|νοέμβριος|νοε δεκεμβρίου|δεκέμβριος|δεκ',
  // Hebrew
  'ינואר פברואר מרץ|מרס אפריל מאי יוני יולי אוגוסט ספטמבר אוקטובר נובמבר דצמבר',
  // Arabic, and as the Levant has it
  'يناير فبراير مارس أبريل|ابريل مايو يونيو يوليو أغسطس|اغسطس سبتمبر أكتوبر|اكتوبر نوفمبر ديسمبر',
  '- شباط آذار نيسان أيار حزيران تموز آب أيلول - - -',
  // Persian and Urdu
  'ژانویه فوریه مارس آوریل مه ژوئن ژوئیه اوت سپتامبر اکتبر نوامبر دسامبر',
  'جنوری فروری مارچ اپریل مئی جون جولائی اگست ستمبر اکتوبر نومبر دسمبر',
  // Hindi and Bengali
  'जनवरी फ़रवरी|फरवरी मार्च अप्रैल मई जून जुलाई अगस्त सितंबर|सितम्बर अक्टूबर|अक्तूबर नवंबर|नवम्बर दिसंबर|दिसम्बर',
  'জানুয়ারি|জানুয়ারী ফেব্রুয়ারি|ফেব্রুয়ারী মার্চ এপ্রিল মে জুন জুলাই আগস্ট সেপ্টেম্বর অক্টোবর নভেম্বর ডিসেম্বর',
  // Thai; the short forms, with points inside, are rewritten before (labels.ts)
  'มกราคม กุมภาพันธ์ มีนาคม เมษายน พฤษภาคม มิถุนายน กรกฎาคม สิงหาคม กันยายน ตุลาคม พฤศจิกายน ธันวาคม',
  // Belarusian
  'студзеня|студзень лютага|люты сакавіка|сакавік красавіка|красавік мая|май чэрвеня|чэрвень ліпеня|ліпень жніўня|жнівень верасня|верасень кастрычніка|кастрычнік лістапада|лістапад снежня|снежань',
  // Albanian, Welsh, Basque
  'janar shkurt|shk mars prill|pri maj qershor|qer korrik|korr gusht|gush shtator|sht tetor|tet nëntor|nën dhjetor|dhj',
  'ionawr chwefror|chwef mawrth ebrill|ebr mai mehefin|meh gorffennaf|gorff awst medi hydref|hyd tachwedd|tach rhagfyr|rhag',
  'urtarrila|urt otsaila|ots martxoa apirila maiatza ekaina|eka uztaila|uzt abuztua|abu iraila|ira urria|urr azaroa|aza abendua|abe',
  // Azerbaijani and Uzbek; Kazakh
  'yanvar|yan fevral|fev mart aprel may iyun|iyn iyul|iyl avqust|avgust sentyabr|sentabr oktyabr|oktabr noyabr|noy dekabr|dek',
  'қаңтар|қаң ақпан|ақп наурыз|нау сәуір|сәу мамыр|мам маусым|мау шілде|шіл тамыз|там қыркүйек|қыр қазан|қаз қараша|қар желтоқсан|жел',
  // Georgian and Armenian
  'იანვარი|იან თებერვალი|თებ მარტი|მარ აპრილი|აპრ მაისი|მაი ივნისი|ივნ ივლისი|ივლ აგვისტო|აგვ სექტემბერი|სექ ოქტომბერი|ოქტ ნოემბერი|ნოე დეკემბერი|დეკ',
  'հունվարի|հունվար|հնվ փետրվարի|փետրվար|փտվ մարտի|մարտ|մրտ ապրիլի|ապրիլ|ապր մայիսի|մայիս|մյս հունիսի|հունիս|հնս հուլիսի|հուլիս|հլս օգոստոսի|օգոստոս|օգս սեպտեմբերի|սեպտեմբեր|սեպ հոկտեմբերի|հոկտեմբեր|հոկ նոյեմբերի|նոյեմբեր|նոյ դեկտեմբերի|դեկտեմբեր|դեկ',
  // Afrikaans, Filipino, Irish
  'januarie februarie maart april mei junie julie augustus september oktober november desember',
  'enero pebrero|peb marso abril mayo hunyo|hun hulyo|hul agosto setyembre oktubre nobyembre|nob disyembre|dis',
  'eanáir|ean feabhra|feabh márta aibreán bealtaine|beal - iúil lúnasa|lún - - samhain|samh nollaig|noll',
  // Chinese in words; months in digits are rewritten before (labels.ts)
  '一月 二月 三月 四月 五月 六月 七月 八月 九月 十月 十一月 十二月',
]

/** One line a language, from Sunday on. They matter only where day and month could be either, and where one is also a month's name. */
const weekdayNames = [
  'sunday monday tuesday|tues wednesday|weds thursday|thur|thurs friday saturday',
  'sonntag|so montag|mo dienstag|di mittwoch|mi donnerstag|do freitag|fr samstag|sonnabend|sa',
  'dimanche|dim lundi|lun mardi|mar mercredi|mer jeudi|jeu vendredi|ven samedi|sam',
  'domingo|dom lunes|lun martes|mar miércoles|mié jueves|jue viernes|vie sábado|sáb',
  'domenica|dom lunedì|lun martedì|mar mercoledì|mer giovedì|gio venerdì|ven sabato|sab',
  'domingo|dom segunda|seg terça|ter quarta|qua quinta|qui sexta|sex sábado|sáb',
  'zondag|zo maandag|ma dinsdag|di woensdag|wo donderdag|do vrijdag|vr zaterdag|za',
  'söndag|sön måndag|mån tisdag|tis onsdag|ons torsdag|tor|tors fredag|fre lördag|lör',
  'søndag|søn mandag|man tirsdag|tir|tirs onsdag|ons torsdag|tor|tors fredag|fre lørdag|lør',
  'niedziela|niedz|nie|ndz|nd poniedziałek|pon|pn wtorek|wto|wt środa|śro|śr czwartek|czw piątek|pią|pt sobota|sob|sb',
  'neděle|ned|ne pondělí|pon|po úterý|úte|út středa|stř|st čtvrtek|čtv|čt pátek|pát|pá sobota|sob|so',
  'sunnuntai|su maanantai|ma tiistai|ti keskiviikko|ke torstai|to perjantai|pe lauantai|la',
  'воскресенье|вск|вс понедельник|пнд|пн вторник|втр|вт среда|срд|ср четверг|чтв|чт пятница|птн|пт суббота|сбт|сб',
  'pazar|paz|pzr pazartesi|pzt salı|sal çarşamba|çar perşembe|per cuma|cum cumartesi|cmt',
  'vasárnap|vas|v hétfő|hét kedd|k szerda|sze csütörtök|csüt|cs péntek|pén|p szombat|szo',
  'nedjelja|ned ponedjeljak|pon utorak|uto srijeda|sri četvrtak|čet petak|pet subota|sub',
  'нед пон уто сре чет пет суб',
  'неділя|нд понеділок|пн вівторок|вт середа|ср четвер|чт пʼятниця|пт субота|сб',
  'svētdiena|svētd pirmdiena|pirmd otrdiena|otrd trešdiena|trešd ceturtdiena|ceturtd piektdiena|piektd sestdiena|sestd',
  'sekmadienis|sk pirmadienis|pr antradienis|an trečiadienis|tr ketvirtadienis|kt penktadienis|pn šeštadienis|št',
  '星期日|星期天|周日|週日 星期一|周一|週一 星期二|周二|週二 星期三|周三|週三 星期四|周四|週四 星期五|周五|週五 星期六|周六|週六',
  '日|日曜日 月|月曜日 火|火曜日 水|水曜日 木|木曜日 金|金曜日 土|土曜日',
  '일|일요일 월|월요일 화|화요일 수|수요일 목|목요일 금|금요일 토|토요일',
]

/** The words of a language's line, with the place of each in it. */
function* wordsOf(lines: readonly string[]): Generator<readonly [word: string, place: number]> {
  for (const line of lines)
    for (const [place, forms] of line.split(' ').entries())
      for (const form of forms === '-' ? [] : forms.split('|')) yield [folded(form), place]
}

/** What is listed wins over a beginning; a beginning of two different months means neither. */
function tableOf(lines: readonly string[]): ReadonlyMap<string, number> {
  const table = new Map<string, number>()
  for (const word of beginnings(lines.slice(0, 1))) if (!table.has(word[0])) table.set(...word)
  for (const [word, place] of wordsOf(lines)) if (!table.has(word)) table.set(word, place)
  const begun = new Map<string, number | undefined>()
  for (const [word, place] of beginnings(lines))
    begun.set(word, begun.has(word) && begun.get(word) !== place ? undefined : place)
  for (const [word, place] of begun) if (place !== undefined && !table.has(word)) table.set(word, place)
  return table
}

function* beginnings(lines: readonly string[]): Generator<readonly [word: string, place: number]> {
  for (const [word, place] of wordsOf(lines))
    for (let length = 3; length < word.length; length += 1) yield [word.slice(0, length), place]
}

const months = tableOf(monthNames)
const weekdays = tableOf(weekdayNames)

/** The month of a folded word, from 0. In Hebrew it may have the letter for "in" before it. */
export function monthOf(word: string): number | undefined {
  return months.get(word) ?? (word.startsWith('ב') ? months.get(word.slice(1)) : misspelt(word))
}

/** The weekday of a folded word, from Sunday as 0. */
export function weekdayOf(word: string): number | undefined {
  return weekdays.get(word)
}

/** English names are misspelt behind their first letters: "Febuary", "Septembre", "Decemeber". */
function misspelt(word: string): number | undefined {
  return /^(?:janu|febu|febr|sept|octo|nove|dece|augu)/.test(word) ? months.get(word.slice(0, 3)) : undefined
}
