/**
 * What servers say when they refuse, in their own words, each with where it was read: data for meaning.ts. A refusal that says one of
 * these sentences means what stands here; for all other sentences there are the gists (gists.ts), which know these too. What nobody has
 * seen a server say is not in it. Numbers and names in them are examples.
 */
import type { Meaning } from './meanings.ts'

export interface Wording {
  readonly means: Meaning
  /** The words after `-ERR`, `NO` or `BAD`. */
  readonly text: string
  /** ISO 639-1. */
  readonly language: string
  /** The provider or the server that says so. */
  readonly by: string
  /** Where it was read: an issue, a page, an RFC, or the source of the server. */
  readonly source: string
}

function from(
  language: string,
  by: string,
  source: string,
  lines: readonly (readonly [Meaning, string])[],
): readonly Wording[] {
  return lines.map(([means, text]) => ({ means, text, language, by, source }))
}

// A table is easier to read with one line for each sentence.
// biome-ignore format: one sentence a line
export const wordings: readonly Wording[] = [
  ...from('en', 'Hotmail', 'github.com/frappe/frappe/issues/242', [
    ['throttled', 'Exceeded the login limit for a 15 minute period. Reduce the frequency of requests to the POP3 server.'],
  ]),
  ...from('en', 'Hotmail', 'github.com/javaee/javamail com/sun/mail/pop3/Protocol.java, stat()', [
    ['throttled', 'login allowed only every 15 minutes'],
  ]),
  ...from('en', 'Hotmail', 'HP webOS, PopProtocolCommandErrorResponse.cpp', [
    ['temporary', 'Mailbox could not be opened'],
    ['sign in on the web', 'Login to your account via a web browser'],
  ]),
  ...from('en', 'Gmail', 'github.com/frappe/frappe/pull/1133', [
    ['temporary', '[SYS/TEMP] Temporary system problem. Please try again later.'],
  ]),
  ...from('en', 'Gmail', 'github.com/ljmerza/ha-email-sensor/issues/16', [
    ['quota used up', '[OVERQUOTA] Account exceeded command or bandwidth limits.'],
  ]),
  ...from('en', 'Gmail', 'github.com/dinhvh/libetpan/pull/160', [
    ['throttled', '[ALERT] Too many simultaneous connections. (Failure)'],
  ]),
  ...from('en', 'Gmail', 'github.com/cozy/cozy-emails/issues/383', [
    ['temporary', 'System error (Failure)'],
  ]),
  ...from('en', 'Gmail', 'support.google.com/mail/answer/78754, and clients that quote it', [
    ['sign in on the web', '[AUTH] Web login required: https://support.google.com/mail/answer/78754'],
    ['sign in on the web', '[ALERT] Please log in via your web browser: https://support.google.com/mail/accounts/answer/78754 (Failure)'],
  ]),
  ...from('en', 'Gmail', 'support.google.com/accounts/answer/185833, and clients that quote it', [
    ['app password', '[AUTH] Application-specific password required: https://support.google.com/accounts/answer/185833'],
  ]),
  ...from('en', 'Gmail', 'clients that quote it (one tells how POP was off in the settings)', [
    ['switched off', '[SYS/PERM] Your account is not enabled for POP access'],
    ['quota used up', '[AUTH] Account exceeded pop command or bandwidth limits (Failure)'],
  ]),
  ...from('en', 'Outlook.com', 'github.com/ditesh/node-poplib/issues/34', [
    ['wrong password', 'Logon failure: unknown user name or bad password.'],
  ]),
  ...from('en', 'Office 365', 'github.com/imapsync/imapsync FAQ.d/FAQ.Office365.txt', [
    ['throttled', 'Request is throttled. Suggested Backoff Time: 178755 milliseconds'],
  ]),
  ...from('en', 'Exchange', 'github.com/imapsync/imapsync FAQ.d/FAQ.Exchange.txt', [
    ['temporary', 'Server Unavailable. 15'],
    ['refused for good', 'Maximum size of appendable message has been exceeded'],
  ]),
  ...from('en', 'Yahoo', 'github.com/ikvk/imap_tools/issues/229', [
    ['temporary', '[UNAVAILABLE] UID FETCH Server error - Please try again later'],
  ]),
  ...from('en', 'Yahoo', 'github.com/imapsync/imapsync/issues/119', [
    ['temporary', '[UNAVAILABLE] UID FETCH Server error while fetching messages'],
  ]),
  ...from('en', 'Yahoo', 'github.com/mscdex/node-imap/issues/340', [
    ['temporary', '[TEMPFAIL] UID FETCH Temporary failure on server [CODE: WBL]'],
  ]),
  ...from('en', 'Yahoo', 'github.com/LukeSmithxyz/mutt-wizard/issues/764', [
    ['temporary', '[UNAVAILABLE] UID FETCH Service is temporarily not available'],
  ]),
  ...from('en', 'Fastmail', 'github.com/LogicLabs-OU/OpenArchiver/issues/37', [
    ['throttled', 'login not available on this server. 451 Already reached per-10 minute limit for logins by "x" of 500, try again later - ti_f6690bb8b3871ca46b2d5d7d9e81ba56'],
  ]),
  ...from('en', 'Mailo', 'github.com/imapsync/imapsync/issues/338', [
    ['temporary', 'Temporary unavailable'],
  ]),
  ...from('en', 'Yandex', 'github.com/Foundry376/Mailspring/issues/904', [
    ['switched off', '[AUTHENTICATIONFAILED] LOGIN Invalid credentials or IMAP is disabled sc=ebI8JB0ug4Y1_290737_53p'],
  ]),
  ...from('en', 'Yandex', 'a session that public code quotes, index 365831499', [
    ['switched off', '[AUTH] login failure or POP3 disabled, try later. sc=HtjJitcPRuQ1'],
  ]),
  ...from('en', 'Outlook.com', 'public documents, index 56750462884 and 69057357679', [
    ['temporary', 'User is authenticated but not connected.'],
  ]),
  ...from('en', 'GMX, WEB.DE', 'github.com/jens-maus/yam/issues/638', [
    ['wrong password', 'authentication failed'],
  ]),
  ...from('en', 'KPN', 'blacklist.kpnmail.nl/Help/17', [
    ['throttled', 'Your IP: 192.0.2.1 is blacklisted, please see http://blacklist.kpnmail.nl/Help/17'],
  ]),
  ...from('en', 'Sina', 'github.com/zhangyunhao116/zmail/issues/85', [
    ['in use', 'duplicate login!'],
  ]),
  ...from('en', '163', 'github.com/zhangyunhao116/zmail/issues/22', [
    ['temporary', "Can't get the letter xtbBLQwAABrqlERZ8pmJc6[301], try again later"],
  ]),
  ...from('en', 'a provider in China', 'github.com/zhangyunhao116/zmail/issues/106', [
    ['temporary', 'Message can not load'],
  ]),
  ...from('en', 'a provider in China', 'github.com/jstedfast/MailKit/issues/1320', [
    ['quota used up', 'Download exceed. msg=10'],
  ]),
  ...from('en', '163', 'sessions that public code quotes (Coremail)', [
    ['wrong password', 'Unable to log on'],
  ]),
  ...from('en', 'QQ Mail', 'github.com/YMFE/yapi/issues/2219', [
    ['app password', 'Login Fail. Please enter your authorization code to login. More information in http://service.mail.qq.com/cgi-bin/help?subtype=1&&id=28&&no=1001256'],
  ]),
  ...from('en', 'QQ Mail', 'guides that public repositories quote', [
    ['wrong password', 'Login fail. Account is abnormal, service is not open, password is incorrect, login frequency limited, or system is busy'],
  ]),
  ...from('en', 'GroupWise', 'github.com/OfflineIMAP/offlineimap/pull/29', [
    ['store full', 'APPEND The 1500 MB storage limit has been exceeded.'],
  ]),
  ...from('en', 'a provider', 'github.com/horms/perdition/issues/4', [
    ['in use', '[IN-USE] mailbox already in use by pid 12345'],
  ]),
  ...from('en', 'a server', 'github.com/mozilla-b2g/gaia-email-libs-and-more, its login tests', [
    ['in use', '[IN-USE] Your account is in use, try later.'],
  ]),
  ...from('en', 'RFC 1939', 'RFC 1939 sections 5 and 7', [
    ['gone', 'no such message, only 2 messages in maildrop'],
    ['gone', 'message 2 already deleted'],
    ['in use', 'maildrop already locked'],
    ['in use', 'unable to lock maildrop'],
    ['wrong password', 'invalid password'],
  ]),
  ...from('en', 'RFC 2449', 'RFC 2449 section 8.1', [
    ['throttled', '[LOGIN-DELAY] minimum time between mail checks violation'],
    ['in use', '[IN-USE] Do you have another POP session running?'],
  ]),
  ...from('en', 'Dovecot', 'github.com/dovecot/core src/pop3/pop3-commands.c', [
    ['gone', "There's no message 7."],
    ['gone', 'Message is deleted.'],
    ['gone', 'Message 3 expunged.'],
  ]),
  ...from('en', 'Dovecot', 'github.com/dovecot/core src/pop3/pop3-client.c', [
    ['temporary', '[SYS/TEMP] Server shutting down.'],
    ['temporary', '[SYS/TEMP] Mailbox is in inconsistent state, please relogin.'],
    ['temporary', "[SYS/TEMP] Couldn't sync mailbox."],
    ['temporary', '[SYS/TEMP] Failed to create POP3 session lock.'],
    ['in use', '[IN-USE] Mailbox is locked by another POP3 session.'],
  ]),
  ...from('en', 'Dovecot', 'github.com/dovecot/core src/lib-storage/mail-error.h', [
    ['temporary', 'Internal error occurred. Refer to server log for more information. [2026-11-02 10:00:00]'],
    ['store full', 'Not enough disk quota'],
    ['in use', 'Timeout while waiting for lock'],
    ['temporary', 'Operation interrupted'],
  ]),
  ...from('en', 'Dovecot', 'github.com/dovecot/core src/plugins/quota/quota-settings.c', [
    ['store full', '[OVERQUOTA] Quota exceeded (mailbox for user is full)'],
  ]),
  ...from('en', 'Dovecot', 'github.com/dovecot/core src/login-common', [
    ['wrong password', '[AUTH] Authentication failed.'],
    ['temporary', '[SYS/TEMP] Temporary authentication failure. [mail:2026-11-02 10:00:00]'],
    ['temporary', '[UNAVAILABLE] Account is temporarily unavailable.'],
    ['throttled', 'Maximum number of connections from user+IP exceeded (mail_max_userip_connections=10)'],
  ]),
  ...from('en', 'Dovecot', 'github.com/dovecot/core src/imap', [
    ['refused for good', "Can't save a zero byte message."],
    ['refused for good', '[TOOBIG] Composed message grows too big.'],
  ]),
  ...from('en', 'Dovecot', 'github.com/mailcow/mailcow-dockerized/issues/1157; github.com/docker-mailserver/docker-mailserver/issues/1026', [
    ['wants TLS', '[AUTH] Plaintext authentication disallowed on non-secure (SSL/TLS) connections.'],
    ['wants TLS', '[PRIVACYREQUIRED] Plaintext authentication disallowed on non-secure (SSL/TLS) connections.'],
  ]),
  ...from('en', 'Courier', 'public code, index 55046187641', [
    ['wants TLS', 'TLS required to log in.'],
  ]),
  ...from('en', 'grommunio (gromox)', 'public code, index 14076373895', [
    ['shut out', 'access denied by ipaddr filter for 192.0.2.1'],
    ['wants TLS', 'must issue a STLS command first'],
    ['throttled', 'too many failures, user will be blocked for a while'],
    ['gone', 'message not found'],
    ['wrong password', 'Wrong username or password, or administratively blocked'],
    ['temporary', 'cannot get mailbox location from database'],
    ['temporary', 'failed to open/read inbox index'],
    ['temporary', 'mail.example.net pop service unavailable'],
    ['temporary', 'midb read/write error'],
    ['temporary', 'error internal'],
  ]),
  ...from('en', 'Synchronet', 'public code, index 2409870750', [
    ['throttled', 'Maximum active clients reached, please try again later.'],
  ]),
  ...from('en', 'LumiSoft Mail Server', 'public code, index 28185630433 and 38344935247', [
    ['shut out', 'Your IP address is blocked.'],
    ['throttled', 'Maximum connections from your IP address is exceeded, try again later !'],
  ]),
  ...from('en', 'a POP3 server in Python', 'public code, index 25128091912', [
    ['throttled', 'Your IP is temporarily blocked, closing connection'],
  ]),
  ...from('en', 'a POP3 proxy in Java', 'public code, index 15102060997', [
    ['shut out', 'Your IP has been banned.'],
  ]),
  ...from('en', 'a POP3 server in Go', 'public code, index 68986325679 and 52449153844', [
    ['wants TLS', 'TLS required before authentication'],
    ['wants TLS', 'TLS required for authentication'],
  ]),
  ...from('en', 'a POP3 server in Java', 'public code, index 67277254434', [
    ['mailbox disabled', 'Account disabled'],
  ]),
  ...from('en', 'E-Post', 'www.e-postinc.jp/faq/faq15-01.html', [
    ['throttled', 'exceeds an accepting limit.'],
  ]),
  ...from('en', 'VPOP3', 'wiki.pscs.co.uk/how_to:your_connection_has_been_blocked_temporarily_-_try_again_later', [
    ['throttled', 'Your connection has been blocked temporarily - Try again later'],
    ['throttled', 'Server access temporarily blocked! Please try again later'],
  ]),
  ...from('en', 'Cyrus', 'github.com/cyrusimap/cyrus-imapd imap/pop3d.c', [
    ['throttled', '[LOGIN-DELAY] Logins must be at least 5 minutes apart'],
    ['throttled', 'Too many open connections (12 of 10 from mail.example.net)'],
    ['in use', '[IN-USE] Unable to lock maildrop: Mailbox is locked by POP server'],
    ['temporary', '[SYS/TEMP] Unable to open maildrop: System I/O error'],
    ['wrong password', '[AUTH] Invalid login'],
  ]),
  ...from('en', 'Cyrus', 'github.com/cyrusimap/cyrus-imapd imap/imap_err.et', [
    ['temporary', 'System I/O error'],
    ['temporary', 'Internal Error'],
    ['temporary', 'Operating System Error'],
    ['temporary', 'Server(s) unavailable to complete operation'],
    ['temporary', 'Retry operation'],
    ['throttled', 'Too many connections from this user'],
    ['throttled', 'Too many connections from this host'],
    ['in use', 'Mailbox is locked'],
    ['store full', 'mail system storage has been exceeded'],
    ['store full', 'Over quota'],
    ['refused for good', 'Message size exceeds fixed limit'],
    ['refused for good', '[TOOBIG] Literal size exceeds fixed limit'],
    ['refused for good', 'Message contains NUL characters'],
    ['refused for good', 'Message contains bare newlines'],
    ['refused for good', 'Message contains non-ASCII characters in headers'],
    ['refused for good', 'Message contains invalid header'],
    ['refused for good', 'Message has no header/body separator'],
    ['refused for good', 'Too many identical emails'],
    ['refused for good', 'Zero-length message literal'],
    ['refused for good', '[UNKNOWN-CTE] Can not process the binary data'],
    ['gone', 'Message 12 no longer exists'],
    ['wrong password', 'Login incorrect'],
  ]),
  ...from('en', 'hMailServer', 'github.com/hmailserver/hmailserver PopConnection.cpp', [
    ['in use', 'Your mailbox is already locked'],
    ['throttled', 'Invalid user name or password. Too many invalid logon attempts.'],
    ['wrong password', 'Invalid user name or password. Please use full email address as user name.'],
    ['temporary', 'Unable to access mailbox.'],
    ['gone', 'No such message (messages not loaded)'],
  ]),
  ...from('en', 'hMailServer', 'github.com/hmailserver/hmailserver/pull/594', [
    ['temporary', 'Server error: Failed to fetch messages in Inbox.'],
  ]),
  ...from('en', 'WildDuck', 'github.com/zone-eu/wildduck lib/handlers, lib/user-handler.js', [
    ['quota used up', 'Download was rate limited. Try again in 3 hours.'],
    ['quota used up', 'Upload was rate limited. Try again in 40 minutes.'],
    ['throttled', 'Authentication was rate limited. Try again in 2 minutes.'],
    ['throttled', '[ALERT] Too many simultaneous connections.'],
    ['switched off', 'Access to requested service disabled'],
    ['wrong password', '[AUTH] Username and password not accepted'],
    ['refused for good', 'Message text too large'],
  ]),
  ...from('en', 'Zimbra', 'github.com/Zimbra/zm-mailbox store/src/java/com/zimbra/cs/pop3/Pop3Handler.java', [
    ['temporary', 'your account is having maintenance peformed. please try again later'],
    ['temporary', 'Temporarily unavailable'],
    ['switched off', 'pop access not enabled for account'],
    ['gone', 'message is deleted'],
    ['wrong password', 'LOGIN failed'],
    ['password expired', 'your password has expired'],
  ]),
  ...from('en', 'Zimbra', 'github.com/Zimbra/zm-mailbox store/src/java/com/zimbra/cs/imap/ImapHandler.java', [
    ['temporary', '[ALERT] account undergoing maintenance; please try again later'],
    ['switched off', 'account does not have IMAP access enabled'],
    ['gone', 'all of the requested messages have been expunged'],
  ]),
  ...from('en', 'GNU mailutils', 'github.com/gnu-mirror-unofficial/mailutils pop3d', [
    ['throttled', '[LOGIN-DELAY] Attempt to log in within the minimum login delay interval'],
    ['in use', '[IN-USE] Mailbox in use'],
    ['in use', '[OUT-SYNC] Mailbox updated by other party or corrupt'],
    ['gone', 'Message has been deleted'],
    ['wrong password', '[AUTH] Bad login'],
  ]),
  ...from('en', 'qmail-pop3d', 'github.com/notqmail/notqmail qmail-pop3d.c, qmail-popup.c', [
    ['gone', 'already deleted'],
    ['gone', 'not that many messages'],
    ['temporary', 'unable to scan $HOME/Maildir'],
    ['temporary', 'unable to fork'],
    ['temporary', 'out of memory'],
    ['temporary', 'aack, child crashed'],
    ['wrong password', 'authorization failed'],
  ]),
  ...from('en', 'qpopper', 'a help page that quotes Outlook (0x800CCC92)', [
    ['in use', '/usr/mail/.thomas.pop lock busy! Is another session active? (11)'],
  ]),
  ...from('en', 'DBMail', 'github.com/dbmail/dbmail src', [
    ['temporary', 'server error'],
    ['wrong password', 'username/password incorrect'],
    ['wrong password', 'login rejected'],
    ['store full', 'not enough quotum left'],
    ['store full', 'quota would be exceeded'],
    ['refused for good', 'APPEND failed: message size too large'],
  ]),
  ...from('en', 'nginx', 'github.com/nginx/nginx src/mail', [
    ['temporary', 'internal server error'],
  ]),
  ...from('en', 'Twisted', 'github.com/twisted/twisted src/twisted/mail', [
    ['temporary', 'Server error: maildrop'],
    ['gone', 'message deleted'],
    ['locked account', 'account suspended'],
  ]),
  ...from('en', 'Apache James', 'github.com/apache/james-project protocols/pop3', [
    ['temporary', 'Unexpected error accessing mailbox'],
  ]),
  ...from('en', 'Perdition', 'github.com/horms/perdition', [
    ['temporary', 'Could not connect to server'],
  ]),
  ...from('en', 'Stalwart', 'github.com/stalwartlabs/stalwart crates', [
    ['gone', 'Failed to fetch message. Perhaps another session deleted it?'],
    ['store full', 'Disk quota exceeded.'],
    ['temporary', 'Internal server error.'],
  ]),
  ...from('en', 'Sora', 'github.com/migadu/sora server', [
    ['throttled', '[LOGIN-DELAY] Too many authentication attempts. Please try again later.'],
    ['throttled', 'too many connections'],
    ['throttled', 'Maximum connections reached'],
    ['temporary', '[SYS/TEMP] Backend server temporarily unavailable'],
    ['temporary', 'Server busy, please try again'],
    ['temporary', 'Message body temporarily unavailable, please retry'],
    ['temporary', 'System storage limit reached, please try again later'],
    ['throttled', 'Too many failed authentication attempts. Please try again later.'],
    ['temporary', 'Server shutting down, please reconnect'],
  ]),
  ...from('en', 'Bongo', 'github.com/bongo-project/bongo src/agents/pop/pop3.h', [
    ['throttled', '[SYS/TEMP] many connections, try later'],
    ['throttled', '[SYS/TEMP] POP connection limit for this server reached'],
    ['temporary', '[SYS/TEMP] Out of memory'],
    ['in use', '[IN-USE] Mailbox is already locked. POP access denied'],
    ['switched off', '[AUTH] POP Access for account disabled'],
    ['switched off', '[SYS/PERM] POP access to this server currently disabled'],
    ['gone', '[SYS/PERM] Message does not exist'],
    ['gone', '[SYS/PERM] Message is marked deleted'],
    ['wrong password', '[AUTH] Permission denied, maximum login attempts exceeded, connection closing'],
  ]),
  ...from('en', 'a mail proxy', 'public code, index 22739741341', [
    ['refused for good', 'Message contains a virus.'],
  ]),
  ...from('en', 'a POP3 server of a network provider', 'public code, index 5679456796', [
    ['locked account', 'account is SUSPENDED. Call for assistance.'],
  ]),
  ...from('en', 'Courier', 'public code, index 966432882', [
    ['temporary', 'Temporary problem, please try again later'],
    ['temporary', 'Server out of memory, aborting connection.'],
  ]),
  ...from('en', 'Dovecot', 'public code, index 6772382477 and 55113006435', [
    ['in use', "[IN-USE] Couldn't sync mailbox."],
    ['temporary', 'Temporary authentication failure'],
  ]),
  ...from('en', 'Cyrus', 'public code, index 30849754', [
    ['wrong password', '[AUTH] Kerberos authentication failure: bad ticket'],
  ]),
  ...from('en', 'Exchange', 'public documents of Microsoft, index 149688318', [
    ['wrong password', 'Authentication failure: unknown user name or bad password.'],
  ]),
  ...from('en', 'QQ Mail', 'public code, index 13035507901', [
    ['app password', 'Please using authorized code to login.'],
  ]),
  ...from('en', 'QQ Mail, 163', 'public code, index 15101156844, 2259434957 and 17078994309', [
    ['temporary', 'login fail, please try again later'],
    ['wrong password', 'login fail'],
    ['wrong password', 'User not exist'],
  ]),
  ...from('en', 'Nate', 'public code, index 69080393947', [
    ['switched off', 'POP3 service has been permanently discontinued.'],
  ]),
  ...from('en', 'POP3 servers in C and C++', 'public code, index 37823418470, 29667591694, 57546197033, 8481903786 and 15985513589', [
    ['in use', 'Mailbox locked, try next time'],
    ['in use', 'Mailbox is locked. Try later.'],
    ['in use', '[IN-USE] Mailbox lock busy, try later'],
    ['in use', 'Cannot lock mailbox'],
    ['in use', 'Maildrop is locked by someone else!'],
  ]),
  ...from('en', 'POP3 servers in C', 'public code, index 9206856383, 5652793328, 5684259784 and 8609238124', [
    ['shut out', 'your ip is baned'],
    ['temporary', "Sorry, I'm too busy right now"],
    ['throttled', 'Too many users.'],
    ['temporary', 'Service is not available'],
  ]),
  ...from('en', 'a POP3 server in PHP', 'public code, index 12994350497', [
    ['temporary', 'POP3 server is shutting down, please try again later'],
  ]),
  ...from('en', 'POP3 servers in Java', 'public code, index 46165906038, 54308882009, 36192071846, 32326049485 and 37118499449', [
    ['temporary', 'Authentication service unavailable'],
    ['temporary', 'Internal server error (RMI unavailable)'],
    ['temporary', 'Database error contact admin'],
    ['temporary', 'Database Connection Could Not Be Started'],
    ['temporary', 'Database Connection Terminated Unexpectedly'],
    ['temporary', 'Mailbox not available.'],
  ]),
  ...from('en', 'a POP3 server in Go', 'public code, index 67108395026', [
    ['temporary', 'database connection failed'],
  ]),
  ...from('en', 'a POP3 server in TypeScript', 'public code, index 71628036753', [
    ['wants TLS', '[AUTH] Use STLS first: passwords only go over an encrypted line'],
    ['temporary', '[SYS/TEMP] Idle for too long, closing'],
  ]),
  ...from('en', 'POP3 servers in Rust and C++', 'public code, index 69514838058 and 70137452750', [
    ['throttled', '[SYS/TEMP] too many connections'],
  ]),
  ...from('en', 'a POP3 proxy in Python', 'public code, index 3307681264', [
    ['wrong password', 'POP3 Authentication unsuccessful/Bad username or password'],
  ]),
  ...from('ru', 'Mail.ru', 'help.mail.ru/mail/security/protection/external, and clients that quote it', [
    ['app password', '[AUTHENTICATIONFAILED] NEOBHODIM parol prilozheniya https://help.mail.ru/mail/security/protection/external'],
  ]),
  ...from('ru', 'a POP3 server in C#', 'public code, index 45779113297', [
    ['gone', 'Сообщение 7 не существует'],
    ['wrong password', 'Паролья для ivan некорректен'],
  ]),
  ...from('ru', 'a POP3 server', 'public code, index 62352014987', [
    ['wrong password', 'неверный пароль'],
  ]),
  ...from('zh', 'QQ Mail', 'github.com/pandolia/qqbot/issues/221', [
    ['app password', '请使用授权码登录。详情请看: http://service.mail.qq.com/cgi-bin/help?subtype=1&&id=28&&no=1001256'],
  ]),
  ...from('zh', '163', 'github.com/zhangyunhao116/zmail/issues/30; public code, index 4019731739', [
    ['throttled', '登录太频繁!请检查您的outlook,foxmail或者其它自动检测邮箱的工具'],
  ]),
  ...from('zh', 'a provider', 'public code, index 68883261440', [
    ['quota used up', '客户端POP流量使用已超过上限'],
  ]),
  ...from('zh', 'a provider', 'public code, index 32357301773', [
    ['wrong password', '登录失败，用户不存在，login failed'],
  ]),
  ...from('zh', 'a POP3 server in Java', 'public code, index 20970708740', [
    ['wrong password', '密码不能为空'],
    ['gone', '邮件不存在'],
  ]),
  ...from('fr', 'POP3 servers in Java', 'public code, index 39125844598 and 1897671340', [
    ['wrong password', 'Mot de passe invalide'],
    ['wrong password', 'Mot de passe incorrect'],
    ['wrong password', 'Utilisateur non defini'],
  ]),
  ...from('fr', 'a POP3 server that is described', 'public code, index 4619951638', [
    ['in use', "il n'est pas possible de verouiller la boite mail"],
  ]),
  ...from('de', 'a POP3 server in Java', 'public code, index 17355034801', [
    ['wrong password', 'Falsches Passwort'],
  ]),
  ...from('de', 'a POP3 server in Java', 'public code, index 281591247', [
    ['gone', 'Nachricht wurde nicht gefunden'],
    ['wrong password', 'Benutzername nicht gefunden'],
  ]),
  ...from('de', 'a POP3 server in JavaScript', 'public code, index 70202515923', [
    ['wrong password', 'Benutzer oder Passwort falsch'],
  ]),
  ...from('pt', 'a POP3 server for hosting', 'public code, index 71451113589', [
    ['throttled', 'muitas tentativas; tente novamente em alguns minutos'],
    ['locked account', 'caixa suspensa; regularize o acesso no painel'],
    ['wrong password', 'usuario ou senha invalidos'],
    ['gone', 'mensagem inexistente'],
    ['temporary', 'erro interno'],
  ]),
  ...from('pl', 'a POP3 server in Python', 'public code, index 66977379074', [
    ['wrong password', 'Nieprawidłowe hasło.'],
    ['wrong password', 'Nieznany użytkownik.'],
    ['gone', 'Wiadomość została usunięta.'],
    ['gone', 'Nie ma wiadomości o takim numerze.'],
  ]),
  ...from('tr', 'a POP3 server in C++', 'public code, index 55508963697', [
    ['wrong password', 'Yanlis sifre'],
    ['wrong password', 'Kullanici bulunamadi'],
    ['gone', 'Mesaj bulunamadi'],
  ]),
  ...from('es', 'a POP3 server in Python', 'public code, index 11615526607', [
    ['gone', 'No existe ese mensaje'],
  ]),
  ...from('es', 'a POP3 server in C', 'public code, index 7151001359', [
    ['gone', 'No existe mensaje'],
  ]),
]
