/**
 * The gists of gists.ts in other languages than English: German, French, Spanish, Italian, Portuguese, Dutch, Polish, Czech, Turkish,
 * Russian, Chinese, Japanese and Korean. Servers that speak them are rare, and mostly small.
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
      String.raw`mot de passe d application|contrasena de aplicacion|password (?:specifica|per app)|senha de app`,
      String.raw`haslo (?:do |dla )?aplikacji|heslo (?:pro|k) aplikac|uygulama (?:sifresi|parolasi)`,
      String.raw`parol prilozhen|пароль приложения|授权码|授權碼|アプリ(?:ケーション)? ?(?:固有の?|専用)? ?パスワード|앱 ?비밀번호`,
    ),
  ],
  [
    'switched off',
    anyOf(
      String.raw`(?:pop3?|imap)\b.{0,30}(?:deaktiviert|nicht (?:aktiviert|freigeschaltet|erlaubt)|desactive|non (?:active|autorise))`,
      String.raw`(?:pop3?|imap)\b.{0,30}(?:desactivado|no (?:esta )?habilitado|disabilitato|non (?:e )?abilitato|desativado|nao habilitado)`,
      String.raw`(?:pop3?|imap)\b.{0,30}(?:wylaczon|nie(?:aktywn| jest wlaczon)|vypnut|neni povolen|uitgeschakeld|niet ingeschakeld|kapali|devre disi)`,
      String.raw`(?:pop3?|imap).{0,20}(?:отключ|не включ|выключен|未开启|未开通|未启用|关闭|禁用|無効|사용하지|미사용|사용 안)`,
      String.raw`(?:未开启|未开通|未启用|没有开启|未開啟).{0,10}(?:pop|imap)`,
    ),
  ],
  [
    'quota used up',
    anyOf(
      String.raw`tageslimit|limite (?:de )?(?:telechargement|descarga|download)|telechargement.{0,20}depass`,
      String.raw`dzienn\w{0,4} limit|denni limit|dagelijkse limiet|gunluk .{0,15}(?:sinir|kota|limit)`,
      String.raw`суточн|лимит (?:на )?(?:скачив|загруз)|今日.{0,10}(?:上限|限制)|每日.{0,8}(?:上限|限)|下载.{0,8}(?:超|限)|流量.{0,6}(?:超|限)|다운로드.{0,6}(?:초과|제한)|ダウンロード.{0,10}(?:上限|制限|超)`,
    ),
  ],
  [
    'throttled',
    anyOf(
      String.raw`zu (?:viele|oft|haufig)\b|trop (?:de (?:connexions|tentatives|sessions|requetes)|souvent|frequent|nombreu)`,
      String.raw`demasiad[oa]s|muy frecuente|troppi|troppe|troppo (?:spesso|frequent)|muitas|muitos acessos|frequentes demais`,
      String.raw`zbyt (?:wiele|czesto|duzo)|prilis (?:mnoho|casto)|te (?:veel|vaak)\b|cok (?:fazla|sik)`,
      String.raw`слишком (?:много|часто)|частые|频繁|頻繁|次数过多|太多|過多|頻度|너무 (?:많|자주)|과도`,
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
      String.raw`in benutzung|(?:bereits|schon) (?:geoffnet|angemeldet|verwendet)|deja (?:ouvert|utilis|verrouill|connecte)|en cours d utilisation|verrouill`,
      String.raw`\ben uso\b|ya (?:esta )?abierto|\bin uso\b|gia (?:aperta|in uso)|\bem uso\b|ja (?:esta )?aberta`,
      String.raw`w uzyciu|zajet|jiz (?:otevren|pouzivan)|uzamcen|in gebruik|kullanimda`,
      String.raw`уже (?:используется|открыт)|используется|занят|正在使用|被占用|重复登录|使用中|사용 ?중`,
    ),
  ],
  [
    'locked account',
    anyOf(
      String.raw`(?:konto|postfach).{0,20}(?:gesperrt|blockiert|zablokowan)|compte.{0,20}(?:bloque|suspendu|verrouill)|cuenta.{0,20}(?:bloquead|suspendid)`,
      String.raw`(?:account|casella).{0,20}(?:bloccat|sospes)|(?:conta|caixa).{0,20}(?:bloquead|suspens)|account.{0,20}geblokkeerd|ucet.{0,20}(?:zablokov|uzamc)|hesa[bp]\w{0,6}.{0,20}(?:kilit|askiya|engel)`,
      String.raw`(?:учетная запись|аккаунт).{0,20}заблок|(?:[账帐帳][号戶户號]|邮箱|郵箱|信箱).{0,10}(?:锁定|鎖定|冻结|凍結|异常)|アカウント.{0,10}(?:ロック|停止)|계정.{0,10}(?:잠|정지|차단)`,
    ),
  ],
  [
    'mailbox disabled',
    anyOf(
      String.raw`(?:konto|postfach).{0,20}deaktiviert|compte.{0,20}desactive|cuenta.{0,20}desactivad|(?:account|casella).{0,20}disabilitat|(?:conta|caixa).{0,20}desativad`,
      String.raw`konto.{0,20}(?:nieaktywn|wylaczon)|hesa[bp]\w{0,6}.{0,20}devre disi|учетная запись.{0,20}отключ|[账帐帳][号戶户號].{0,10}(?:禁用|停用)|アカウント.{0,10}無効`,
    ),
  ],
  [
    'store full',
    anyOf(
      String.raw`(?:postfach|speicher\w{0,6}).{0,20}(?:voll|erschopft)|boite.{0,20}pleine|buzon.{0,20}lleno|casella.{0,20}piena|caixa.{0,20}cheia`,
      String.raw`skrzynka.{0,20}pelna|schranka.{0,20}plna|postvak.{0,10}vol\b|posta kutusu.{0,10}dolu|ящик.{0,20}переполнен`,
      String.raw`(?:邮箱|空间|容量|信箱).{0,6}(?:满|滿|超|不足)|容量.{0,6}(?:超過|いっぱい)|용량.{0,6}(?:초과|부족)`,
    ),
  ],
  [
    'temporary',
    anyOf(
      String.raw`vorubergehend|spater|\berneut\b|wartung|nicht (?:verfugbar|erreichbar)|interner fehler`,
      String.raw`plus tard|temporaire|indisponible|reessay|ulterieurement|erreur (?:interne|de connexion|serveur|du serveur)`,
      String.raw`mas tarde|temporalmente|no disponible|intentelo|error interno|piu tardi|temporanea|non disponibile|riprova|errore interno`,
      String.raw`mais tarde|temporariamente|indisponivel|tente novamente|erro interno|later opnieuw|tijdelijk|niet beschikbaar`,
      String.raw`pozniej|tymczasow|niedostepn|blad wewnetrzny|sprobuj|pozdeji|docasn|nedostupn|vnitrni chyba|daha sonra|gecici|tekrar deneyin`,
      String.raw`позже|временн|недоступ|внутренн\p{L}{0,3} ошибк|повторите`,
      String.raw`稍后|稍後|暂时|暫時|系统(?:繁忙|忙|错误|维护)|服务器?(?:不可用|忙|繁忙|异常)|内部错误|しばらく|後ほど|一時的|メンテナンス|混雑|나중에|잠시|일시적|점검`,
    ),
  ],
  [
    'wrong password',
    anyOf(
      String.raw`passwort|kennwort|benutzer|mot de passe|utilisateur|identifiant|contrasena|usuario|clave|utente|senha|haslo|uzytkownik|heslo|uzivatel|wachtwoord|gebruiker|sifre|parola|kullanici`,
      String.raw`парол|密码|密碼|口令|用户|认证|登录失败|登入失敗|パスワード|ユーザ|비밀번호|사용자`,
    ),
  ],
]
