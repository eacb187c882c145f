/**
 * The gists of gists.ts in other languages than English: German, French, Spanish, Italian, Portuguese, Dutch, Polish, Czech, Turkish,
 * Russian, Vietnamese, Chinese, Japanese and Korean. Servers that speak them are rare, and mostly small.
 */
import type { Meaning } from './meanings.ts'

/** One pattern out of many alternatives, each on its line. */
function anyOf(...alternatives: readonly string[]): RegExp {
  return new RegExp(alternatives.join('|'), 'u')
}

/** The first match wins, as in gists.ts. */
export const gistsAbroad: readonly (readonly [Meaning, RegExp])[] = [
  [
    'app password',
    anyOf(
      String.raw`anwendungs(?:spezifisches )?(?:passwort|kennwort)|app (?:passwort|kennwort|wachtwoord)`,
      String.raw`mot de passe d application|contrasena de aplicacion|password (?:specifica|per app)|senha de (?:app|aplica)`,
      String.raw`haslo (?:do |dla )?aplikacji|heslo (?:(?:pro|k) )?aplikac|uygulama (?:sifresi|parolasi)`,
      String.raw`parol prilozhen|пароль приложения|授权码|授權碼|アプリ(?:ケーション)? ?(?:固有の?|専用)? ?パスワード|парол\p{L}{0,2} для внешн|(?:앱|애플리케이션) ?비밀번호|mat khau ung dung`,
    ),
  ],
  // What a wrong password may lead to has not come yet.
  [
    'wrong password',
    anyOf(
      String.raw`(?:falsch|ungultig|incorrect|errat|errad|incorret|onjuist|bledn|nieprawidlow|spatn|yanlis|неверн|неправильн|错误|錯誤|間違|違い|틀|sai\b).{0,50}(?:noch # versuch|# tentati|# intent|# poging|# prob|# pokus|# deneme|# попыт|#次|#回|#회|# lan)`,
    ),
  ],
  [
    'wants TLS',
    anyOf(
      String.raw`(?:unverschlusselt|klartext|onversleuteld|en clair|non chiffr|non securise|sin cifrar|no cifrad|texto plano|no segura|em texto|nao segur|in chiaro|non cifrat|non sicur|nieszyfrowan|nesifrovan|nezabezpecen|sifresiz|sifrelenmemis|незашифрован|открытым текстом|незащищен|明文|平文|暗号化されていない|평문|암호화되지|khong ma hoa|khong an toan)`,
      String.raw`\b(?:ssl|s?tls|starttls)\b.{0,30}(?:erforderlich|notig|benotigt|pflicht|verwenden|requis|obligatoire|necessaire|utilise|requerid|necesari|obligatori|exigid|necessari|richiest|vereist|verplicht|wymagan|vyzadovan|nutn|gerekli|zorunlu|требуется|необходим|обязател|必须|必要|必須|필요|필수|bat buoc)`,
      String.raw`(?:nur mit|nur uber|bitte|verwenden sie|utilisez|necessite|requiert|use|utilice|requiere|usar|utilize|requer|usare|utilizzare|richiede|gebruik|uzyj|wymaga|pouzijte|vyzaduje|kullanin|используйте|только|требует|请使用|必须使用|使用して|請使用|사용하|yeu cau|su dung).{0,20}\b(?:ssl|s?tls|starttls)\b`,
      String.raw`verschlusselte verbindung|connexion (?:securisee|chiffree)|conexion (?:segura|cifrada)|conexao segura|connessione (?:sicura|cifrata)|beveiligde verbinding|szyfrowan\w{0,3} polacz|bezpieczn\w{0,3} polacz|zabezpecen\w{0,3} pripojen|guvenli baglanti|защищенн\p{L}{0,3} соединен|安全连接|加密连接|加密連線|安全連線|(?:ssl|tls)を(?:使用|利用)|ket noi an toan`,
    ),
  ],
  [
    'shut out',
    anyOf(
      String.raw`\b(?:ip|ips|ip adress\w{0,3}|adresse ip|direccion ip|endereco ip|indirizzo ip|adres ip|ip adresi|land|netzwerk|pays|pais|paese|kraj\w{0,2}|ulke\w{0,8}|zeme|ausland|zagranic\w|etranger|extranjero|exterior|estero|buitenland|zahranici)\b.{0,45}(?:gesperrt|blockiert|geblockt|verweigert|nicht (?:erlaubt|zugelassen)|abgelehnt|bloque|refuse|interdit|non autorise|banni|bloquead|denegad|no (?:esta )?permitid|no autorizad|prohibid|negad|nao permitid|nao autorizad|banid|bloccat|negat|non (?:e )?(?:consentit|autorizzat|permess)|geblokkeerd|geweigerd|niet toegestaan|zablokowan|odrzucon|niedozwolon|zabronion|blokovan|zakazan|odmitnut|neni povolen|engel|yasak|reddedil|izin verilm)`,
      String.raw`(?:gesperrt|blockiert|verweigert|refuse|interdit|bloque|bloquead|denegad|negad|bloccat|negat|geblokkeerd|geweigerd|zablokowan|odmow\w{0,4}|brak dostepu|zabronion|blokovan|zakazan|odepren|odmitnut|engel|yasak).{0,40}\b(?:ip|land|ausland|pays|etranger|pais|paese|estero|buitenland|kraju|zagranic\w|zeme|zahranici|ulke\w{0,8}|yurt disi\w{0,3})\b`,
      String.raw`\b(?:ip|ip adress\w{0,3}|adresse ip|direccion ip|endereco ip|indirizzo ip|adres ip|ip adresi\w{0,3})\b.{0,30}(?:sperrliste|schwarze\w liste|eingeschrankt|liste noire|restreint|lista (?:negra|nera)|restringid|restrit|limitat[oa]|zwarte lijst|beperkt|czarnej liscie|ograniczon|cern\w{1,3} listin|omezen|kara liste|kisitla|bi (?:han che|gioi han)|danh sach den)|\bip\b.{0,20}ограничен|ip.{0,8}(?:被限制|被禁|被屏蔽)`,
      String.raw`(?:\bip\b|адрес|стран|регион|из за рубежа).{0,40}(?:заблок|запрещ|закрыт|отказ|не разреш|в черном списке)|(?:запрещ|закрыт|отказано|заблок).{0,40}(?:\bip\b|ваш\p{L}{0,3} (?:адрес|стран)|из вашей|с вашего)`,
      String.raw`(?:ip|地址|异地|境外|海外|国外|地区|國外).{0,12}(?:禁止|拒绝|拒絕|封|限制登|屏蔽|阻止|受限|黑名单)|(?:禁止|拒绝|拒絕).{0,8}(?:ip|异地|境外|海外|国外|國外|地区)`,
      String.raw`(?:ip|アドレス|海外|国外).{0,16}(?:拒否|禁止|ブロック|許可され|制限されて|遮断)|(?:ip|해외|국가|지역).{0,16}(?:차단|거부|제한|금지|허용되지)`,
      String.raw`(?:dia chi ip|\bip\b|quoc gia|nuoc ngoai).{0,30}(?:bi chan|bi khoa|bi tu choi|khong duoc phep|bi cam)|(?:bi chan|tu choi).{0,30}(?:\bip\b|quoc gia|nuoc ngoai)`,
    ),
  ],
  [
    'switched off',
    anyOf(
      String.raw`\b(?:wlacz|activez|activ[ae]r?|habilite|ative|attiv[ai](?:re)?|aktivieren sie|activeer|povolte|zapnete|etkinlestirin) (?:le |el |o |il |das )?(?:pop3?|imap)\b|\b(?:pop3?|imap)\b.{0,30}(?:non (?:e )?inclus|nao inclu|no inclu|nicht enthalten|pas inclus|niet inbegrepen)|(?:没有权限|沒有權限).{0,4}使用.{0,3}(?:pop|imap)|включите (?:pop|imap)`,
      String.raw`(?:pop3?|imap)\b.{0,30}(?:deaktiviert|nicht (?:aktiviert|freigeschaltet|erlaubt)|desactive|non (?:active|autorise))`,
      String.raw`(?:pop3?|imap)\b.{0,30}(?:desactivado|no (?:esta )?habilitado|disabilitato|non (?:e )?abilitato|desativado|nao habilitado)`,
      String.raw`(?:pop3?|imap)\b.{0,30}(?:wylaczon|nie(?:aktywn| jest wlaczon)|vypnut|neni povolen|uitgeschakeld|niet ingeschakeld|kapali|devre disi)`,
      String.raw`(?:pop3?|imap).{0,20}(?:отключ|не включ|выключен|未开启|未开通|未启用|关闭|禁用|無効|사용하지|미사용|사용 ?안|사용 설정이 되어 있지)`,
      String.raw`(?:pop3?|imap)\b.{0,30}(?:gesperrt|abgeschaltet|ausgeschaltet|nicht (?:eingeschaltet|freigegeben|verfugbar)|pas (?:active|autorise)|non disponible|deshabilitado|inhabilitado|no (?:esta )?(?:activado|permitido)|nao (?:esta )?(?:ativado|permitido|habilitado)|desabilitado|non (?:e )?(?:attivo|attivato|consentito)|disattivato|niet (?:geactiveerd|toegestaan)|nie jest (?:aktywn|dozwolon)|nieaktywn|zablokowan|zakazan|neni (?:aktivni|zapnut)|etkin degil|aktif degil|kapatil)`,
      String.raw`(?:未开启|未开通|未启用|没有开启|未開啟|无权使用|禁止使用).{0,10}(?:pop|imap)|(?:pop3?|imap).{0,20}(?:запрещ|недоступ|не активир|не разреш|без оплаты|没有开|未啟用|未開啟|沒有開|вимкнен|не увімкнен|заборонен|꺼져|利用設定|設定がされて|無効|使用できません|利用できません|許可されて|有効になって|비활성|허용되지|chua (?:duoc )?(?:bat|kich hoat)|bi tat|da tat|khong duoc (?:bat|phep))`,
    ),
  ],
  [
    'password expired',
    anyOf(
      String.raw`(?:passwort|kennwort)\b.{0,25}(?:abgelaufen|geandert werden|andern|zurucksetzen)|mot de passe\b.{0,25}(?:expire|etre (?:change|modifie)|change)|changez (?:votre )?mot de passe`,
      String.raw`(?:contrasena|clave)\b.{0,25}(?:caduc|expir|ha vencido|vencida)|(?:cambie|cambiar|debe cambiar) (?:su |la )?(?:contrasena|clave)|senha\b.{0,25}(?:expir|vencid|deve ser (?:alterada|trocada))|(?:altere|troque|alterar|trocar) (?:sua |a )?senha`,
      String.raw`password\b.{0,25}(?:scadut|da cambiare|deve essere cambiata)|(?:cambiare|cambi) (?:la )?password|wachtwoord\b.{0,25}(?:verlopen|gewijzigd|wijzigen)|hasl\w\b.{0,25}(?:wygasl|zmieni)|zmien hasl|heslo\b.{0,25}(?:vyprsel|zmenit|expirov)|(?:sifre|parola)\w{0,4}\b.{0,25}(?:suresi|degistir)`,
      String.raw`парол\p{L}{0,2}.{0,25}(?:истек|устарел|просрочен|необходимо (?:сменить|изменить)|должен быть изменен)|(?:смените|измените|сменить|изменить) пароль|срок действия парол`,
      String.raw`(?:密码|密碼).{0,8}(?:过期|過期|到期|失效)|(?:修改|更改|重置)(?:您的)?(?:密码|密碼)|パスワード.{0,14}(?:有効期限|期限切れ|変更して|変更が必要)|비밀번호.{0,14}(?:만료|변경)|mat khau.{0,20}(?:het han|doi|thay doi)|(?:doi|thay doi) mat khau`,
    ),
  ],
  [
    'quota used up',
    anyOf(
      String.raw`(?:quota|kontingent|limit\w{0,3}|volum\w{1,3}|kvot\w|kota\w{0,4}|cuota|cota)\b.{0,25}\b(?:telechargement|journali\w{1,3}|quotidien\w{0,3}|descarga|transferencia|trafico|diari[ao]s?|scaric\w{1,6}|giornalier[oa]|transferencia|trafego|pobier\w{1,6}|pobran|transfer\w{0,2}|stahovani|stazen\w{0,3}|prenos\w{0,3})\b|\b(?:abruf|download|transfer|tages)(?:limi\w{1,3}|kontingent|volumen|quota)|taglich\w{0,2} (?:limit|kontingent|volumen)|(?:descarga|trafego|download|pobieran\w{1,3}|stahovani)\b.{0,20}(?:superad|excedid|agotad|esgotad|atingid|przekrocz|prekroc|overschreden|bereikt)|\b(?:indirme|gunluk)\b.{0,15}(?:kota|limit|sinir)|dzienn\w{1,4}.{0,12}limit|limit\w{0,2}.{0,12}dzienn`,
      String.raw`(?:квот|лимит)\p{L}{0,2}.{0,20}(?:скачив|загруз|трафик)|(?:дневн|ежедневн)\p{L}{2,3}.{0,12}(?:лимит|квот)|(?:dung luong|gioi han|han muc) tai|下[载載](?:配额|配額|额度|流量|量|次数).{0,8}(?:用完|用尽|超|不足|上限|达)|(?:超出|超过|超過).{0,8}(?:下[载載]|流量)|(?:当日|今日|本日|1日|#日|一日).{0,14}(?:上限|超|限制)|転送量.{0,8}(?:上限|超|制限)|(?:일일|하루|오늘).{0,14}(?:초과|한도|제한)|(?:다운로드|전송) ?(?:용량|량|한도|할당량).{0,8}(?:초과|도달|제한)|收信.{0,6}(?:上限|超)`,
      String.raw`tageslimit|limite (?:de )?(?:telechargement|descarga|download)|telechargement.{0,20}depass`,
      String.raw`dzienn\w{0,4} limit|denni limit|dagelijkse limiet|gunluk .{0,15}(?:sinir|kota|limit)`,
      String.raw`han muc (?:tai|luu luong)|(?:kontingent|volumen|datenvolumen|trafic|volume|trafico|przeplyw|transfer\w{0,2}|трафик\p{L}{0,2}).{0,25}(?:erschopft|aufgebraucht|uberschritten|epuise|depasse|agotad|superad|excedid|esgotad|esaurit|superat|wyczerpan|przekroczon|vycerpan|prekrocen|исчерпан|превыш)`,
      String.raw`суточн|лимит (?:на )?(?:скачив|загруз)|今日.{0,10}(?:上限|限制)|每日.{0,8}(?:上限|限)|下载.{0,8}(?:超|限)|流量.{0,6}(?:超|限)|다운로드.{0,6}(?:초과|제한)|ダウンロード.{0,10}(?:上限|制限|超)`,
    ),
  ],
  [
    'throttled',
    anyOf(
      String.raw`(?:warten|wartezeit|patienter|attendre|attendez|esper[ea]r?|attendere|attenda|aguarde|wacht|odczekaj|poczekaj|zaczekaj|pockejte|vyckejte|vui long (?:cho|doi)|cho)\b.{0,20}#|请等待|請等待|(?:подождите|ждите).{0,20}#|# ?(?:dakika|saniye|saat)\w{0,3} bekle|#分.{0,4}お待ち|#분.{0,4}(?:후|기다)`,
      String.raw`(?:alle|toutes les|cada|ogni|elke|iedere|co|kazdych|kazde|jednou za|her|moi|каждые|не чаще|раз в) # ?(?:min|sek|sec|stund|heure|hora|ore|uur|godz|hodin|dak|phut|мин|час|сек)|раз\p{L}? в #|每#(?:分|秒|小时|小時)|#分(?:に|間隔|以内)|#분(?:마다|에|간격)`,
      String.raw`zu (?:viele|oft|haufig)\b|trop (?:de (?:connexions|tentatives|sessions|requetes)|souvent|frequent|nombreu)`,
      String.raw`demasiad[oa]s|muy frecuente|troppi|troppe|troppo (?:spesso|frequent)|muitas|muitos acessos|frequentes demais`,
      String.raw`zbyt (?:wiele|czest\w{1,2}|duzo)|exces[os]\w? de (?:conex|acces|intent|tentativ|log)|prilis (?:mnoho|casto)|te (?:veel|vaak)\b|cok (?:fazla|sik)`,
      String.raw`(?:zahl|anzahl) (?:der |an |gleichzeitiger )?(?:anmeldungen|verbindungen|sitzungen|zugriffe)|(?:anmelde|verbindungs|sitzungs|zugriffs)(?:limit|versuch)|nombre (?:maximal |max )?(?:de |d )(?:connexions|sessions|tentatives)|limite (?:de |di )(?:connex|conex|connession|session|sesion|sess|tent|intent|acces|login)`,
      String.raw`(?:numero|cantidad) (?:maximo |massimo )?(?:de |di )(?:conex|connession|session|sesion|sess|intent|tent|acces)|maximaal aantal|aantal (?:verbindingen|aanmeldingen|sessies)|(?:liczb\w|limit\w{0,2}) (?:polaczen|logowan|sesji|prob)|(?:pocet|poctu|limit\w{0,2}) (?:pripojeni|prihlaseni|spojeni|relaci)|(?:baglanti|oturum|giris) (?:sayisi|limiti|siniri|denemesi)`,
      String.raw`(?:числ|количеств|лимит|предел)\p{L}{0,2} (?:на )?(?:одновременн\p{L}{0,3} )?(?:подключ|соединен|вход|сесси|попыт|запрос)|qua (?:nhieu|thuong xuyen)|(?:so|gioi han) (?:lan )?(?:dang nhap|ket noi|phien)`,
      String.raw`(?:登录|登入|连接|連接|访问|請求|请求|会话)(?:次|数|個)?(?:数|數)?(?:过多|過多|太多|超|已达|上限|受限)|(?:连接|登录|并发)数.{0,6}(?:超|上限|限制)|多すぎ|(?:接続|ログイン|アクセス|セッション|同時).{0,8}(?:上限|制限(?!され)|超え|超過|集中)|回数.{0,6}(?:超|上限)|(?:접속|로그인|연결|세션|동시).{0,8}(?:초과|제한|한도)`,
      String.raw`слишком (?:много|часто)|забагато|надто часто|短時間に|частые|频繁|頻繁|次数过多|太多|過多|頻度|너무 (?:많|자주)|과도`,
    ),
  ],
  [
    'gone',
    anyOf(
      String.raw`nachricht.{0,30}(?:nicht gefunden|geloscht|existiert nicht|nicht vorhanden|gibt es nicht)`,
      String.raw`message.{0,20}(?:supprime|inexistant|introuvable|efface)|mensaje.{0,20}(?:eliminado|borrado|no existe|inexistente|no encontrado)|no existe (?:\w+ )?mensaje`,
      String.raw`mensagem.{0,20}(?:inexistente|apagad|nao existe|removid|nao encontrad|eliminad|excluid)`,
      String.raw`messaggio.{0,20}(?:cancellat|eliminat|inesistente|non esiste|non trovato)|bericht.{0,20}(?:verwijderd|bestaat niet|niet gevonden)`,
      String.raw`wiadomosc.{0,20}(?:usuniet|nie istnieje|nie znaleziono)|nie ma (?:takiej )?wiadomosci|zprav\w{0,2}.{0,20}(?:smazan|neexistuje|nenalezen)|mesaj.{0,20}(?:bulunamadi|silin|yok)`,
      String.raw`(?:сообщени|письм).{0,25}(?:не существует|удален|не найден)|(?:邮件|信件|郵件).{0,3}(?:不存在|已被?删除|已被?刪除)|メッセージ.{0,10}(?:存在しません|削除|ありません)|메시지.{0,10}(?:없|삭제)`,
    ),
  ],
  [
    'in use',
    anyOf(
      String.raw`\b(?:andere[rnms]?|autre|otr[ao]|altr[ao]|outr[ao]|andere|inn\w{1,3}|jin\w{1,3}|baska(?: bir)?) (?:sitzung|client|programm|verbindung|gerat|prozess|benutzer|session|connexion|programme|utilisateur|appareil|sesion|cliente|conexion|programa|proceso|usuario|dispositivo|sessione|programma|processo|utente|connessione|sessao|conexao|sessie|verbinding|gebruiker|proces|sesj\w|klient\w{0,3}|logiciel|application|program\w{0,3}|polaczeni\w|uzytkownik\w{0,2}|relac\w|sezeni\w{0,2}|spojeni\w{0,2}|proces\w{0,2}|oturum|istemci|kullanici|surec|cihaz)\b|\b(?:sitzung|session|sesion|sessione|sessao|sessie|sesja|relace|oturum)\b.{0,12}\b(?:lauft|bereits|aktiv|schon|deja|en cours|ya|activa|abierta|iniciada|gia|attiva|in corso|ja|ativa|em andamento|al (?:actief|geopend)|juz|trwa|jiz|probiha|zaten|acik)\b`,
      String.raw`(?:wird|ist) (?:gerade|bereits|derzeit|schon) (?:von .{0,30})?(?:verwendet|benutzt|genutzt|abgerufen|abgeholt|gelesen|belegt)|bereits (?:gesperrt|aktiv|verbunden|belegt|in gebrauch)|siendo (?:usad|utilizad)|sendo (?:usad|utilizad)|(?:jest|obecnie|juz) uzywan|prave pouziv|zaten (?:acik|kullan|kilit)|kullanil(?:iyor|makta)|\bal een sessie|використовується|зайнят|інш\p{L}{1,3} (?:сес|клієнт|програм)|друг\p{L}{1,3} (?:сесси|сеанс|клиент|программ|процесс|пользовател|подключен|соединен|устройств)|(?:сесси|сеанс)\p{L}{0,2} (?:уже|активн)|phien (?:lam viec )?khac|(?:ung dung|chuong trinh|thiet bi) khac|dang (?:duoc )?(?:su dung|mo\b)`,
      String.raw`(?:其他|其它|另一|另外|别的|別的).{0,3}(?:会话|會話|客户端|客戶端|用戶端|程序|程式|连接|連線|進程|进程|设备|裝置|终端|使用者)|已在(?:别处|別處|其他|其它).{0,4}(?:登录|登入|登錄)|已(?:被)?(?:打开|打開|占用|佔用)|正(?:在)?被.{0,10}使用|(?:別の|他の).{0,3}(?:セッション|クライアント|プログラム|ユーザー?|プロセス|接続|端末|ソフト)|(?:既に|すでに)(?:開|使用|ログイン|接続)|メールボックス.{0,4}ロック|다른 (?:세션|클라이언트|프로그램|사용자|프로세스|연결|기기|장치|접속)|이미 (?:열려|사용|로그인|접속)`,
      String.raw`in benutzung|(?:bereits|schon) (?:geoffnet|angemeldet|verwendet)|deja (?:ouvert|utilis|verrouill|connecte|consulte)|en cours d utilisation|(?<!\b(?:compte|acces|utilisateur)\b.{0,20})verr?ouill`,
      String.raw`\ben uso\b|ya (?:esta )?abierto|\bin uso\b|gia (?:aperta|in uso)|\bem uso\b|ja (?:esta )?aberta`,
      String.raw`w uzyciu|zajet|jiz (?:otevren|pouzivan)|(?<!\b(?:ucet|pristup|uzivatel)\b.{0,15})uzamcen|in gebruik|kullanimda`,
      String.raw`уже (?:используется|открыт)|используется|(?<!(?:сервер|систем|сервис).{0,12})занят|正在使用|被占用|重复登录|使用中|사용 ?중`,
    ),
  ],
  [
    'locked account',
    anyOf(
      String.raw`(?:konto|postfach).{0,20}(?:gesperrt|blockiert|zablokowan)|compte.{0,20}(?:bloque|suspendu|verrouill)|cuenta.{0,20}(?:bloquead|suspendid)`,
      String.raw`(?:account|casella).{0,20}(?:bloccat|sospes)|(?:conta|caixa).{0,20}(?:bloquead|suspens)|account.{0,20}geblokkeerd|ucet.{0,20}(?:zablokov|uzamc)|hesa[bp]\w{0,6}.{0,20}(?:kilit|askiya|engel)`,
      String.raw`(?:benutzer|zugang|mailbox|domain|vertrag|konto|postfach)\b.{0,40}(?:gesperrt|blockiert|stillgelegt|eingefroren|suspendiert)|(?:boite|messagerie|domaine|utilisateur|acces|compte)\b.{0,40}(?:bloque|suspendu|gele\b|verrouill)|(?:buzon|correo|dominio|usuario|acceso|cuenta)\b.{0,40}(?:bloquead|suspendid|congelad)`,
      String.raw`(?:utente|dominio|accesso|account|casella|mailbox)\b.{0,40}(?:bloccat|sospes|congelat)|(?:usuario|dominio|acesso|conta|caixa)\b.{0,40}(?:bloquead|suspens|congelad)|(?:gebruiker|domein|postvak|mailbox|toegang|account)\b.{0,40}(?:geblokkeerd|opgeschort|geschorst|vergrendeld|bevroren)`,
      String.raw`(?:konto|skrzynk\w|uzytkownik|dostep|domena)\b.{0,40}(?:zablokowan|zawieszon|zamrozon)|(?:ucet|schrank\w|uzivatel|pristup|domena)\b.{0,40}(?:zablokov|uzamc|uzamk|pozastav|zmrazen|blokovan)|(?:posta kutu|kullanici|hesa[bp])\w{0,8}\b.{0,40}(?:kilit|askiya|engel|donduru)`,
      String.raw`(?:учетн\p{L}{0,2} запис\p{L}{0,2}|аккаунт|ящик|пользовател\p{L}|доступ|домен|почт\p{L}{0,3})\p{L}{0,3}.{0,20}(?:заблок|приостанов|заморож)|tai khoan.{0,20}(?:bi khoa|tam ngung|dinh chi|bi chan|dong bang)|hop thu.{0,20}(?:bi khoa|tam ngung|dinh chi|bi chan)`,
      String.raw`(?:[账帐帳][号戶户號]|邮箱|郵箱|信箱|用户|域名).{0,10}(?:被锁|被封|已锁|封禁|停权|停權|欠费)|(?:アカウント|メールボックス|ユーザー?|利用).{0,10}(?:ロック|凍結|停止)|(?:계정|메일함|사용자|아이디).{0,10}(?:잠|정지|차단|이용제한|이용이 제한)`,
      String.raw`(?:учетная запись|обліковий запис|скриньк\p{L}|аккаунт).{0,20}заблок|(?:[账帐帳][号戶户號]|邮箱|郵箱|信箱).{0,10}(?:锁定|鎖定|冻结|凍結|异常)|アカウント.{0,10}(?:ロック|停止)|계정.{0,10}(?:잠|정지|차단)`,
    ),
  ],
  [
    'mailbox disabled',
    anyOf(
      String.raw`(?:konto|postfach)\b.{0,15}(?:existiert nicht mehr|nicht mehr vorhanden)|(?:compte|boite)\b.{0,15}n existe plus|(?:cuenta|buzon)\b.{0,15}ya no existe|(?:conta|caixa)\b.{0,15}nao existe mais|(?:casella|account)\b.{0,15}(?:cancellat|non esiste piu)`,
      String.raw`(?:konto|postfach).{0,20}deaktiviert|compte.{0,20}desactive|cuenta.{0,20}desactivad|(?:account|casella).{0,20}disabilitat|(?:conta|caixa).{0,20}desativad`,
      String.raw`(?:konto|postfach|benutzer|zugang|vertrag|mailbox|account)\b.{0,25}(?:abgelaufen|inaktiv|geschlossen|geloscht|nicht aktiv|gekundigt|deaktiviert)|(?:compte|boite|abonnement)\b.{0,25}(?:expire|inactif|ferme|desactive|cloture|resilie)|(?:cuenta|buzon|suscripcion|usuario)\b.{0,25}(?:caducad|expirad|inactiv|cerrad|desactivad|deshabilitad|cancelad|vencid)`,
      String.raw`(?:account|casella|utente|abbonamento)\b.{0,25}(?:scadut|inattiv|chius|disattivat|disabilitat|non attiv)|(?:conta|caixa|assinatura|usuario)\b.{0,25}(?:expirad|inativ|encerrad|desativad|desabilitad|cancelad|vencid)|(?:account|postvak|abonnement|gebruiker)\b.{0,25}(?:verlopen|inactief|gesloten|uitgeschakeld|gedeactiveerd|opgeheven|opgezegd)`,
      String.raw`(?:konto|skrzynk\w|uzytkownik|abonament)\b.{0,25}(?:wygasl|nieaktywn|wylaczon|zamkniet|dezaktywowan|usuniet)|(?:ucet|schrank\w|uzivatel|predplatne)\b.{0,25}(?:vyprsel|neaktivni|zrusen|deaktivovan|uzavren|zakazan)|(?:hesa[bp]|uyelik|posta kutu)\w{0,8}\b.{0,25}(?:devre disi|suresi dol|pasif|kapatil|aktif degil|silin)`,
      String.raw`(?:учетн\p{L}{0,2} запис\p{L}{0,2}|аккаунт|ящик|подписк\p{L})\p{L}{0,3}.{0,20}(?:отключ|неактив|не актив|закрыт|истек|удален|деактив)|(?:tai khoan|hop thu).{0,20}(?:het han|vo hieu hoa|khong hoat dong|bi dong|da dong|ngung hoat dong)`,
      String.raw`(?:[账帐帳][号戶户號]|邮箱|郵箱|信箱).{0,10}(?:过期|過期|到期|注销|註銷|关闭|關閉|未激活|失效)|(?:アカウント|メールボックス|契約).{0,10}(?:期限切れ|失効|解約|閉鎖|有効ではあり|有効期限)|(?:계정|메일함|아이디).{0,10}(?:만료|비활성|휴면|해지|탈퇴|폐쇄)`,
      String.raw`konto.{0,20}(?:nieaktywn|wylaczon)|hesa[bp]\w{0,6}.{0,20}devre disi|учетная запись.{0,20}отключ|[账帐帳][号戶户號].{0,10}(?:禁用|停用)|アカウント.{0,10}無効|アドレス.{0,6}廃止|휴면 ?계정`,
    ),
  ],
  [
    'store full',
    anyOf(
      String.raw`(?:postfach|speicher\w{0,6}).{0,20}(?:voll|erschopft)|boite.{0,20}pleine|buzon.{0,20}lleno|casella.{0,20}piena|caixa.{0,20}cheia`,
      String.raw`skrzynka.{0,20}pelna|schranka.{0,20}plna|postvak.{0,10}vol\b|posta kutusu.{0,10}dolu|ящик.{0,20}переполнен`,
      String.raw`hop thu.{0,20}day\b|het dung luong`,
      String.raw`(?:邮箱|空间|容量|信箱).{0,6}(?:满|滿|超|不足)|容量.{0,6}(?:超過|いっぱい)|용량.{0,6}(?:초과|부족)`,
    ),
  ],
  [
    'temporary',
    anyOf(
      String.raw`nicht zur verfugung|technische\w? (?:storung|stoerung|storing|problem)|(?:incident|probleme) technique|problema tecnico|problem\w tecnic\w|fallo interno|falha interna|problem techniczn|techniczn\w (?:problem|awari)|technick\w{1,3} (?:problem|poruch|zavad)|технич\p{L}{1,6} (?:сбо|неполад|проблем)|(?:技术|技術|系统|系統|服务器)(?:故障|异常)|サーバー?.{0,6}障害|システム障害|서버.{0,4}장애|시스템 ?장애|su co (?:ky thuat|he thong)|gian doan`,
      String.raw`uberlastet|uberlast\b|ausgelastet|beschaftigt|wartungs|surcharge|occupe|sobrecarg|sobrecarreg|ocupado|en mantenimiento|sovraccaric|occupato|in manutenzione|manutencao|mantenimiento|manutenzione`,
      String.raw`overbelast|bezet\b|onderhoud|przeciazon|przeciazeni|konserwac|przerwa techniczna|pretizen|zaneprazdn|udrzb|asiri yuk|yogun|mesgul|bakim`,
      String.raw`перегру|(?:сервер|систем|сервис)\p{L}{0,2} занят|техническ\p{L}{0,3} (?:работ|обслуж)|обслуживани|попробуйте|qua tai|bao tri|thu lai|tam thoi|may chu (?:dang )?ban`,
      String.raw`(?:服务器?|伺服器|系统|系統).{0,4}(?:过载|過載|超载|负载|負載|维护|維護|升级|忙碌)|维护中|維護中|再试|再試|過負荷|サーバー?.{0,6}(?:混み|ビジー|負荷)|再度|お試し|時間をおいて|과부하|다시 시도|사용량이 많|혼잡`,
      String.raw`vorubergehend|spater|\berneut\b|wartung|nicht (?:verfugbar|erreichbar)|interner fehler`,
      String.raw`plus tard|temporaire|indisponible|reessay|ulterieurement|erreur (?:interne|de connexion|serveur|du serveur)`,
      String.raw`mas tarde|temporalmente|no disponible|intentelo|error interno|piu tardi|temporanea|non disponibile|riprova|errore interno`,
      String.raw`mais tarde|temporariamente|indisponivel|tente novamente|erro interno|later opnieuw|tijdelijk|niet beschikbaar`,
      String.raw`pozniej|tymczasow|niedostepn|blad wewnetrzny|sprobuj|pozdeji|docasn|nedostupn|vnitrni chyba|daha sonra|gecici|tekrar deneyin`,
      String.raw`позже|пізніше|временн|тимчасов|спробуйте|недоступ|внутренн\p{L}{0,3} ошибк|повторите`,
      String.raw`稍后|稍後|暂时|暫時|系统(?:繁忙|忙|错误|维护)|服务器?(?:不可用|忙|繁忙|异常)|内部错误|しばらく|後ほど|一時的|メンテナンス|混雑|나중에|잠시|일시적|점검`,
    ),
  ],
  [
    'sign in on the web',
    anyOf(
      String.raw`(?:webmail|weboberflache|web ?seite|navigateur|navegador|pagina web|sito web|website|przegladark|prohlizec|webovem|tarayici|web sitesi|браузер|веб интерфейс|на сайте|网页版?|網頁|ブラウザ|ウェブ|웹(?:사이트|메일)?|trinh duyet|trang web).{0,40}(?:anmelden|einloggen|bestatig|connect|identifi|inicie|acceda|entre|acesse|acced|inlog|aanmeld|zaloguj|prihlas|giris|войдите|авториз|登录|登入|登錄|ログイン|サインイン|로그인|dang nhap)`,
      String.raw`(?:anmelden|melden sie sich|loggen sie sich|connectez|inicie sesion|acceda|entre na|acesse|accedi|accedere|log in|meld u aan|zaloguj|prihlaste|giris yap\w{0,4}|войдите|авторизуйтесь|登录|登入|dang nhap).{0,30}(?:webmail|web ?seite|browser|navigateur|site web|navegador|pagina web|sito|website|strone|stronie|przegladark|prohlizec|web|сайт|браузер|网页|網頁|trinh duyet)`,
    ),
  ],
  [
    'unlicensed',
    anyOf(
      String.raw`lizenz\w{0,4}.{0,25}(?:abgelaufen|uberschritten|ungultig)|licen[cstz]\w{0,3}.{0,25}(?:expire|depasse|caducad|expirad|vencid|scadut|superat|verlopen|overschreden)|licencj\w.{0,25}(?:wygasl|przekrocz)|licence\b.{0,25}(?:vyprsel|prekrocen)|lisans\w{0,4}.{0,25}(?:suresi|asil|doldu)|лицензи\p{L}.{0,25}(?:истек|превыш|просроч)|许可证.{0,8}(?:过期|到期)|ライセンス.{0,12}(?:期限|切れ|超)|라이선스.{0,10}(?:만료|초과)|giay phep.{0,20}het han`,
    ),
  ],
  [
    'limit reached',
    anyOf(
      String.raw`limi\w{1,3}\b.{0,25}(?:uberschritten|erreicht|atteint|depass|alcanzad|excedid|superad|atingid|ultrapassad|raggiunt|superat|bereikt|overschreden|przekroczon|osiagniet|prekrocen|dosazen|asildi|doldu)|(?:uberschritten|depasse\w{0,2}|excedid\w|superad\w|ultrapassad\w|superat\w|overschreden|przekroczon\w{0,3}|prekrocen\w?|asildi)\b.{0,25}\blimi\w{0,5}`,
      String.raw`grenzwert.{0,25}(?:uberschritten|erreicht)|(?:sinir|kota)\w{0,3}.{0,15}(?:asildi|doldu)|(?:превышен|исчерпан|достигнут)\p{L}{0,3}.{0,15}(?:лимит|предел|квот|ограничен)|(?:лимит|предел)\p{L}{0,2}.{0,20}(?:превыш|исчерп|достигнут)`,
      String.raw`(?:超出|超过|超過|达到|達到).{0,8}(?:限制|上限|限额|配额)|(?:上限|制限).{0,6}(?:達し|超え|を超)|(?:한도|제한).{0,8}(?:초과|도달)|(?:vuot qua|vuot|qua) .{0,10}(?:gioi han|han muc)|(?:gioi han|han muc).{0,20}(?:vuot|dat)`,
    ),
  ],
  [
    'wrong password',
    anyOf(
      String.raw`passwort|kennwort|benutzer|mot de passe|utilisateur|identifiant|contrasena|usuario|clave|utente|senha|haslo|uzytkownik|heslo|uzivatel|wachtwoord|gebruiker|sifre|parola|kullanici`,
      String.raw`парол|密码|密碼|口令|用户|认证|登录失败|登入失敗|パスワード|ユーザ|비밀번호|사용자|mat khau|tai khoan|nguoi dung|ten dang nhap|dang nhap that bai|xac thuc`,
    ),
  ],
]
