/**
 * Trouble behind a server: with what it asks for passwords, or keeps mail in. Such a refusal passes, whatever it was said to, unless it blames
 * the user name or the password. English, and the languages of gists-abroad.ts.
 */

/** What a server depends on. */
const behind = String.raw`\b(?:ldap|active directory|directory (?:server|service)|data ?base|passdb|userdb|db|(?:my|ms)?sql|postgres\w{0,4}|redis|kerberos|kdc|radius|pam|sasl(?:authd)?|dns|name ?server|nfs|domain controller|auth ?daemon\w{0,5}|auth(?:entication|orization)? (?:server|service|daemon|socket|process|module|subsystem|provider|host)|password (?:server|service|data ?base)|log ?in (?:server|service)|back ?ends?|proxy|upstream|(?:storage|file|mail ?store|mail ?box|mail|message|imap|pop) (?:server|system|node|host|store|storage)|storage|mail ?store|user look ?up|host)\b`

/** How it fails. */
const fails = String.raw`\b(?:connect\w{0,4} (?:was )?(?:refused|failed|lost|reset|closed|timed out|timeout|error|aborted|terminated)|could not be (?:started|opened|established|reached|contacted)|unreachable|(?:is |are )?not (?:be )?(?:respond\w{0,3}|reachable|running|ready|connected|answering|reached|contacted)|no (?:response|answer|reply|connection|route)|(?:is |are )?(?:currently )?(?:down|offline|unavailable|gone away)|has gone away|lost connection|time ?d? ?out|crashed|(?:query |lookup |look up |connection |internal |system )?(?:error|failure|failed)|is locked|read only|stale|(?:can not|cannot|can t|could not|couldn t|unable to|failed to|failure to) (?:be )?(?:connect|contact|reach|open|resolve|quer|access|talk|communicate|bind))`

/** Whom a server means that blames the login, and not itself. */
const blames =
  /\b(?:(?:auth\w{0,12}|log ?in|log ?on|bind|check|verification) (?:failed|failure|error|rejected|denied)|invalid|wrong|incorrect|bad|no such|unknown|reject\w{0,3}|denied|not found|does not exist|unsupported)\b/

const near = String.raw`.{0,50}`

const english = new RegExp(`${behind}${near}${fails}|${fails}${near}${behind}`)

/** What is said of no login that somebody got wrong. */
const certain =
  /\b(?:ldap|data ?base|mysql|sql|radius|kerberos|auth\w{0,12} ?(?:server|service|daemon|socket|back ?end)|password server|back ?end)\w{0,4}\b.{0,40}\b(?:connection refused|unreachable|not (?:respond|reach|avail)\w{0,5}|no response|unavailable|(?:is )?down|timed? ?out|offline|is locked|gone away)\b|\b(?:could not|can not|cannot|can t|couldn t|unable to|failed to) (?:contact|connect to|reach)\b|auth\w{0,12} (?:process|daemon) (?:crashed|died)|internal (?:\w{1,20} )?(?:error|failure)|unable to (?:authenticate|log you in|verify \w{1,12}) (?:at this time|right now|just now|at the moment)|\b(?:too many open files|cannot allocate|file ?system (?:is )?read only|stale (?:nfs )?file|no route to host|index (?:is )?corrupt(?:ed)?|migration in progress|being (?:moved|migrated|upgraded|rebuilt|converted|restored|created|provisioned|imported|synchroni[sz]ed)|bad gateway|(?:exec\w{0,3}|fork|malloc|pipe|socket) failed|out of (?:\w{1,12} )?resources|insufficient (?:system )?resources|segmentation fault|(?:did|does) not respond|authenticated but not connected|no such file or directory|permission denied (?:opening|accessing|reading)|auth\w{0,12} process (?:is )?(?:broken|to respond)|quota service)\b/

const abroad = new RegExp(
  [
    String.raw`(?:konnte nicht|kann nicht|konnte keine|kann keine|impossible de (?:se connecter|joindre|contacter)|no se (?:pudo|puede) conectar|no es posible conectar|impossibile (?:connettersi|contattare|collegarsi)|nao foi possivel (?:conectar|acessar)|kan geen verbinding|nie (?:mozna|udalo sie) polaczyc|nelze se (?:pripojit|spojit)).{0,30}(?:datenbank|server|dienst|base|data ?base|banco|serv\w{3,5}|ldap|annuaire|directorio|baz\w|databaz\w)|(?:не удалось|невозможно) (?:подключиться|соединиться|связаться)|veritaban\w{1,4} ?\w{0,3} baglan|(?:无法|無法|不能)(?:连接|連接|連線|访问)|khong (?:the )?ket noi`,
    String.raw`(?:datenbank\w{0,12}|ldap|verzeichnisdienst|(?:anmelde|authentifizierungs|login|auth)\w{0,3} ?(?:server|dienst)).{0,30}(?:fehler|fehlgeschlagen|nicht (?:erreichbar|verfugbar)|antwortet nicht|gestort|ausgefallen)|datenbank(?:fehler|verbindung)|interner (?:server|system)?fehler|serverfehler|systemfehler`,
    String.raw`(?:erreur|echec|panne|probleme).{0,20}(?:base de donnees|bdd|ldap|annuaire)|(?:base de donnees|annuaire|ldap|(?:serveur|service|systeme) d (?:authentification|identification)).{0,30}(?:indisponible|injoignable|inaccessible|ne repond pas|erreur|hors service)`,
    String.raw`(?:error|fallo|problema).{0,20}(?:base de datos|ldap|directorio)|(?:base de datos|ldap|(?:servidor|servicio) de (?:autenticacion|acceso)).{0,30}(?:no (?:esta )?disponible|no responde|inaccesible|error|fuera de servicio|caid)`,
    String.raw`(?:errore|problema).{0,20}(?:data ?base|base dati|ldap)|(?:data ?base|base dati|ldap|(?:server|servizio) (?:di|d) (?:autenticazione|accesso)).{0,30}(?:non (?:e )?(?:disponibile|raggiungibile|risponde)|irraggiungibile|errore)`,
    String.raw`(?:erro|falha|problema).{0,20}(?:banco de dados|base de dados|ldap)|(?:banco de dados|base de dados|ldap|(?:servidor|servico) de (?:autenticacao|acesso)).{0,30}(?:indisponivel|nao (?:responde|disponivel|acessivel)|inacessivel|erro|fora do ar)`,
    String.raw`databasefout|(?:data ?base|ldap|aanmeldserver|authenticatieserver).{0,25}(?:fout|niet (?:bereikbaar|beschikbaar)|onbereikbaar|reageert niet)|interne (?:server)?fout`,
    String.raw`(?:blad|awaria|problem).{0,20}(?:baz\w (?:danych)?|ldap|serwer)|(?:baz\w danych|ldap|serwer\w{0,2} (?:uwierzytelni|autoryzac|logowan)\w{0,6}).{0,30}(?:niedostepn|nie odpowiada|blad|awari)`,
    String.raw`(?:chyba|porucha|problem).{0,15}(?:databaz|ldap|serveru)|(?:databaz\w|ldap|overovaci server|prihlasovaci server).{0,25}(?:chyba|nedostupn|neodpovid)`,
    String.raw`(?:veritaban\w{1,4}|ldap|kimlik dogrulama sunucu\w{1,3}).{0,20}(?:hata|ulasilam|yanit verm|baglan)|sunucu hatasi`,
    String.raw`(?:ошибк\p{L}|сбо\p{L}{1,2}).{0,15}(?:баз\p{L} данных|бд\b|сервера)|(?:баз\p{L} данных|ldap|сервер\p{L}? (?:авторизац|аутентиф)\p{L}{0,6}).{0,25}(?:недоступ|не отвечает|ошибк|сбо)`,
    String.raw`(?:数据库|數據庫|資料庫|(?:认证|認證|验证|驗證|登录|登入|鉴权)(?:服务|服務|伺服)器?).{0,8}(?:错误|錯誤|异常|異常|失败|失敗|无响应|無回應|不可用|超时|连接|故障|断开)|(?:连接|連接|访问).{0,6}(?:数据库|數據庫|资料库|認證伺服器|认证服务器).{0,6}(?:失败|失敗|超时|错误)`,
    String.raw`データベース.{0,10}(?:エラー|障害|接続)|認証サーバー?.{0,12}(?:接続でき|応答|エラー|障害|ダウン)|サーバー?(?:内部)?エラー|システムエラー`,
    String.raw`데이터베이스.{0,10}(?:오류|장애|연결|접속)|인증 ?서버.{0,12}(?:연결할 수|응답|오류|장애|접속할 수)|서버 ?(?:내부 ?)?오류|시스템 ?오류`,
    String.raw`loi (?:co so du lieu|may chu|he thong)|(?:co so du lieu|ldap|may chu (?:xac thuc|dang nhap)).{0,25}(?:khong (?:phan hoi|kha dung|ket noi|truy cap|san sang)|bi loi|loi)`,
  ].join('|'),
  'u',
)

/** Whether the words speak of trouble behind the server. */
export function isBehindServer(skeleton: string): boolean {
  return certain.test(skeleton) || (!blames.test(skeleton) && (english.test(skeleton) || abroad.test(skeleton)))
}
