/**
 * The most common mail providers: their POP3 servers, and the conditions of a login there. The list is of November 2026, from the
 * providers'
 * help pages and Thunderbird's database; uncertain facts were left out. A server is at port 995 with TLS from the first byte, unless its
 * entry says otherwise. `note` is one sentence, which people are shown before a login and after a refused one.
 */

import type { Advice, AdviceCode } from './provider-advice.ts'
import type { GuideId } from './guides.ts'
import { normalHost } from './host.ts'
import { type SmtpPlace, smtpPlaceOf } from './provider-smtp.ts'

interface Known extends Omit<Provider, 'advice' | 'smtp'> {
  /** The code of its advice, for the note. */
  readonly wants?: AdviceCode
}

export interface Provider {
  readonly name: string
  /** The domains of its addresses. */
  readonly domains: readonly string[]
  /** The ends of the hosts in the MX records of other people's domains that it hosts. */
  readonly mx?: readonly string[]
  /** Undefined if the provider has no POP3, and `note` says so. */
  readonly host?: string
  /** The server is at port 110 with STLS, and not at 995. */
  readonly stls?: true
  /** Its server for sending; undefined where none is known. */
  readonly smtp?: SmtpPlace
  /** The user name is the part of the address before the @, and not the whole address. */
  readonly bareUser?: true
  readonly note?: string
  /** What the note says, as a code. */
  readonly advice?: Advice
  /** The page that says step by step what has to be done there. */
  readonly guide?: GuideId
}

const yahooDomains =
  'yahoo.com yahoo.ca yahoo.de yahoo.it yahoo.fr yahoo.es yahoo.se yahoo.in yahoo.co.in yahoo.co.uk yahoo.co.nz yahoo.co.id ' +
  'yahoo.com.au yahoo.com.ar yahoo.com.br yahoo.com.mx yahoo.com.ph yahoo.com.sg yahoo.com.tw yahoo.com.hk yahoo.ie yahoo.gr ' +
  'ymail.com rocketmail.com myyahoo.com cox.net'
const aolDomains =
  'aol.com aim.com netscape.net netscape.com compuserve.com cs.com wmconnect.com aol.de aol.it aol.fr aol.es aol.se aol.co.uk ' +
  'aol.co.nz aol.com.au aol.com.ar aol.com.br aol.com.mx verizon.net'
const outlookDomains =
  'outlook.com hotmail.com live.com msn.com windowslive.com passport.com outlook.at outlook.be outlook.cz outlook.de outlook.dk ' +
  'outlook.es outlook.fr outlook.hu outlook.ie outlook.in outlook.it outlook.jp outlook.kr outlook.pt outlook.sa outlook.sg ' +
  'outlook.com.ar outlook.com.au outlook.com.br outlook.com.gr outlook.com.tr outlook.com.vn outlook.co.id outlook.co.il ' +
  'outlook.co.th hotmail.be hotmail.ca hotmail.ch hotmail.co.jp hotmail.co.nz hotmail.co.uk hotmail.co.za hotmail.com.ar ' +
  'hotmail.com.au hotmail.com.br hotmail.com.mx hotmail.com.tr hotmail.de hotmail.dk hotmail.es hotmail.fi hotmail.fr ' +
  'hotmail.gr hotmail.it hotmail.nl hotmail.no hotmail.se live.at live.be live.ca live.ch live.cl live.cn live.co.uk live.com.ar ' +
  'live.com.au live.com.mx live.com.pt live.de live.dk live.fr live.ie live.in live.it live.jp live.nl live.no live.ru live.se'
const words = (text: string) => text.split(' ')

const netEase = (domain: string): Known => ({
  name: domain,
  domains: [domain],
  host: `pop.${domain}`,
  wants: 'authorization code',
  note: `${domain} wants an authorization code in place of the password: switch POP3 on in the settings of its web page, and use the code shown there.`,
})
const zohoNote =
  'Zoho wants POP access switched on under Settings, Mail Accounts, which its free plan does not have; with two-factor sign-in it wants an app password.'
/** Zoho has one host for its own addresses and one for domains that it hosts. */
const zoho = (ending: string): readonly Known[] => [
  {
    name: 'Zoho',
    domains: [`zoho.${ending}`, `zohomail.${ending}`],
    host: `pop.zoho.${ending}`,
    note: zohoNote,
    wants: 'switch POP3 on, app password',
  },
  {
    name: 'Zoho',
    domains: [],
    mx: [`zoho.${ending}`],
    host: `poppro.zoho.${ending}`,
    note: zohoNote,
    wants: 'switch POP3 on, app password',
  },
]
const ionos = (ending: string, ...others: readonly string[]): Known => ({
  name: 'IONOS',
  domains: [],
  mx: [`ionos.${ending}`, ...others],
  host: `pop.ionos.${ending}`,
})

const known: readonly Known[] = [
  // International providers
  {
    name: 'Gmail',
    guide: 'google',
    domains: ['gmail.com', 'googlemail.com'],
    // The domains in Google Workspace have these hosts too.
    mx: ['google.com', 'googlemail.com'],
    host: 'pop.gmail.com',
    wants: 'app password and POP3',
    note: 'Gmail wants an app password, made at https://myaccount.google.com/apppasswords once 2-Step Verification is on, and POP switched on under Settings, Forwarding and POP/IMAP.',
  },
  {
    name: 'Microsoft',
    guide: 'microsoft',
    domains: words(outlookDomains),
    mx: ['protection.outlook.com', 'mx.microsoft'],
    host: 'outlook.office365.com',
    wants: 'sign in',
    note: 'Microsoft takes no password any more, neither your own nor an app password: sign in instead (auth "oauth2"), and let programs use POP at https://outlook.live.com/mail/0/options/mail/forwarding.',
  },
  {
    name: 'Yahoo',
    guide: 'yahoo',
    domains: words(yahooDomains),
    mx: ['yahoodns.net'],
    host: 'pop.mail.yahoo.com',
    wants: 'app password',
    note: 'Yahoo wants an app password in place of your own: make one at https://login.yahoo.com/account/security, under External connections.',
  },
  {
    name: 'AOL',
    guide: 'aol',
    domains: words(aolDomains),
    mx: ['mail.gm0.yahoodns.net'],
    host: 'pop.aol.com',
    wants: 'app password',
    note: 'AOL wants an app password in place of your own: make one at https://login.aol.com/account/security.',
  },
  {
    name: 'iCloud',
    guide: 'icloud',
    domains: ['icloud.com', 'me.com', 'mac.com'],
    mx: ['mail.icloud.com'],
    wants: 'forward',
    note: 'iCloud has no POP3 at all: have the mailbox forward its mail instead, at https://www.icloud.com/mail under Settings, Mail Forwarding.',
  },
  {
    name: 'Proton Mail',
    domains: ['proton.me', 'protonmail.com', 'protonmail.ch', 'pm.me'],
    mx: ['protonmail.ch'],
    wants: 'forward',
    note: 'Proton Mail has no POP3, and its Bridge speaks IMAP alone: have the mailbox forward its mail instead.',
  },
  {
    name: 'Tuta',
    domains: ['tuta.com', 'tuta.io', 'tutanota.com', 'tutanota.de', 'tutamail.com', 'keemail.me'],
    mx: ['tutanota.de'],
    wants: 'no POP3',
    note: 'Tuta has no POP3: its mail can be read in its own programs alone.',
  },
  {
    name: 'Fastmail',
    guide: 'fastmail',
    domains: ['fastmail.com', 'fastmail.fm', 'messagingengine.com'],
    mx: ['messagingengine.com'],
    host: 'pop.fastmail.com',
    wants: 'app password',
    note: 'Fastmail wants an app password with access to POP: make one at https://app.fastmail.com/settings/security/integrations.',
  },
  ...zoho('com'),
  ...zoho('eu'),
  ...zoho('in'),
  ...zoho('com.au'),
  ...zoho('jp'),
  {
    name: 'mail.com',
    domains: words('mail.com email.com post.com usa.com consultant.com engineer.com europe.com myself.com'),
    host: 'pop.mail.com',
    wants: 'switch POP3 on',
    note: 'mail.com lets mail programs in only once POP3 and IMAP are switched on in the settings of its web page.',
  },

  // Germany, Austria, Switzerland
  {
    name: 'GMX',
    guide: 'gmx',
    domains: words('gmx.net gmx.de gmx.at gmx.ch gmx.eu gmx.org gmx.info gmx.biz'),
    host: 'pop.gmx.net',
    wants: 'switch POP3 on, app password',
    note: 'GMX lets mail programs in only once POP3 and IMAP are switched on in the settings of its web page; with two-factor sign-in it wants an app password.',
  },
  {
    name: 'GMX',
    guide: 'gmx',
    domains: words('gmx.com gmx.us gmx.co.uk gmx.es gmx.fr gmx.ca gmx.ie gmx.pt gmx.it'),
    host: 'pop.gmx.com',
    wants: 'switch POP3 on, app password',
    note: 'GMX lets mail programs in only once POP3 and IMAP are switched on in the settings of its web page; with two-factor sign-in it wants an app password.',
  },
  {
    name: 'WEB.DE',
    guide: 'web-de',
    domains: ['web.de'],
    host: 'pop3.web.de',
    bareUser: true,
    wants: 'switch POP3 on, app password',
    note: 'WEB.DE lets mail programs in only once POP3 and IMAP are switched on in the settings of its web page; with two-factor sign-in it wants an app password.',
  },
  {
    name: 'T-Online',
    guide: 't-online',
    domains: ['t-online.de', 'magenta.de'],
    host: 'securepop.t-online.de',
    wants: 'password for programs',
    note: 'T-Online wants the password for e-mail programs ("E-Mail-Passwort"), set in the settings of its e-mail centre under "Passwörter", not the one of the web page.',
  },
  { name: 'Vodafone', domains: ['vodafonemail.de', 'arcor.de', 'kabelmail.de'], host: 'pop3.vodafonemail.de' },
  { name: 'Posteo', domains: ['posteo.de', 'posteo.net', 'posteo.eu', 'posteo.org'], host: 'posteo.de' },
  { name: 'mailbox.org', domains: ['mailbox.org'], mx: ['mailbox.org'], host: 'pop3.mailbox.org' },
  { name: 'Bluewin', domains: ['bluewin.ch', 'bluemail.ch'], host: 'pop3s.bluewin.ch' },

  // France, Belgium, the Netherlands
  { name: 'Orange', domains: ['orange.fr', 'wanadoo.fr'], host: 'pop.orange.fr' },
  { name: 'Free', domains: ['free.fr'], host: 'pop.free.fr', bareUser: true },
  { name: 'La Poste', domains: ['laposte.net'], host: 'pop.laposte.net', bareUser: true },
  { name: 'SFR', domains: ['sfr.fr', 'neuf.fr', 'club-internet.fr'], host: 'pop.sfr.fr' },
  { name: 'Proximus', domains: ['proximus.be', 'skynet.be', 'belgacom.net'], host: 'pop.proximus.be' },
  { name: 'Telenet', domains: ['telenet.be'], host: 'pop.telenet.be' },
  {
    name: 'KPN',
    domains: words('kpnmail.nl kpnplanet.nl planet.nl hetnet.nl xs4all.nl telfort.nl tiscali.nl'),
    host: 'pop.kpnmail.nl',
  },
  {
    name: 'Ziggo',
    domains: words('ziggo.nl ziggomail.com casema.nl upcmail.nl chello.nl home.nl quicknet.nl'),
    host: 'pop.ziggo.nl',
  },

  // Italy, Portugal
  { name: 'Libero', domains: words('libero.it iol.it blu.it inwind.it giallo.it'), host: 'popmail.libero.it' },
  { name: 'Virgilio', domains: ['virgilio.it'], host: 'in.virgilio.it' },
  { name: 'TIM', domains: ['tim.it'], host: 'pop.tim.it', stls: true },
  { name: 'Alice', domains: ['alice.it'], host: 'in.alice.it', stls: true },
  { name: 'Tiscali', domains: ['tiscali.it'], host: 'pop.tiscali.it' },
  { name: 'Fastweb', domains: ['fastwebnet.it'], host: 'pop.fastwebnet.it' },
  { name: 'Email.it', domains: ['email.it'], host: 'pop.email.it' },
  { name: 'Aruba', domains: ['aruba.it'], mx: ['aruba.it'], host: 'pop3s.aruba.it' },
  { name: 'SAPO', domains: ['sapo.pt', 'meo.pt'], host: 'pop.sapo.pt' },

  // Britain and Ireland
  { name: 'BT', domains: ['btinternet.com', 'btopenworld.com', 'talk21.com'], host: 'mail.btinternet.com' },
  { name: 'Sky', domains: ['sky.com'], host: 'pop.tools.sky.com' },
  { name: 'Virgin Media', domains: ['virginmedia.com'], host: 'pop3.virginmedia.com' },
  { name: 'Virgin Media', domains: ['ntlworld.com'], host: 'pop3.ntlworld.com' },
  { name: 'Virgin Media', domains: ['blueyonder.co.uk'], host: 'pop3.blueyonder.co.uk' },

  // The Czech Republic, Poland, the Baltic
  { name: 'Seznam', domains: ['seznam.cz', 'email.cz', 'post.cz', 'spoluzaci.cz'], host: 'pop3.seznam.cz' },
  { name: 'o2.pl', domains: ['o2.pl', 'go2.pl', 'tlen.pl'], host: 'poczta.o2.pl', bareUser: true },
  { name: 'Wirtualna Polska', domains: ['wp.pl'], host: 'pop3.wp.pl', bareUser: true },
  { name: 'Onet', domains: words('onet.pl onet.eu op.pl vp.pl poczta.onet.pl'), host: 'pop3.poczta.onet.pl' },
  { name: 'Inbox.lv', domains: ['inbox.lv'], host: 'mail.inbox.lv' },

  // Russia
  {
    name: 'Mail.ru',
    domains: ['mail.ru', 'inbox.ru', 'list.ru', 'bk.ru', 'internet.ru'],
    mx: ['mail.ru'],
    host: 'pop.mail.ru',
    wants: 'app password',
    note: 'Mail.ru wants an app password in place of your own; https://help.mail.ru/mail/security/protection/external says how to make one.',
  },
  {
    name: 'Yandex',
    domains: words('yandex.ru yandex.com yandex.by yandex.kz yandex.ua ya.ru narod.ru'),
    mx: ['yandex.net', 'yandex.ru'],
    host: 'pop.yandex.com',
    wants: 'app password and POP3',
    note: 'Yandex wants POP3 switched on in the mailbox under Mail clients, and an app password for mail.',
  },
  { name: 'Rambler', domains: ['rambler.ru'], host: 'pop.rambler.ru' },

  // North America
  { name: 'Comcast', domains: ['comcast.net'], host: 'mail.comcast.net' },
  {
    name: 'AT&T',
    domains: words('att.net sbcglobal.net bellsouth.net ameritech.net pacbell.net prodigy.net swbell.net snet.net'),
    host: 'inbound.att.net',
    wants: 'password for programs',
    note: 'AT&T wants a secure mail key in place of the password: make one in your AT&T profile.',
  },
  { name: 'Spectrum', domains: ['charter.net', 'spectrum.net', 'bresnan.net'], host: 'mobile.charter.net' },
  { name: 'Spectrum', domains: ['rr.com', 'twc.com'], host: 'mail.twc.com' },
  { name: 'CenturyLink', domains: ['centurylink.net', 'embarqmail.com'], host: 'pop.centurylink.net' },
  { name: 'EarthLink', domains: ['earthlink.net', 'mindspring.com'], host: 'pop.earthlink.net' },
  { name: 'Bell', domains: ['bell.net', 'sympatico.ca'], host: 'pophm.sympatico.ca' },

  // South America, Oceania
  { name: 'UOL', domains: ['uol.com.br'], host: 'pop3.uol.com.br', bareUser: true },
  { name: 'BOL', domains: ['bol.com.br'], host: 'pop3.bol.com.br', bareUser: true },
  { name: 'Telstra', domains: ['bigpond.com', 'bigpond.net.au', 'telstra.com'], host: 'pop.telstra.com' },
  { name: 'Xtra', domains: ['xtra.co.nz'], host: 'pop3.xtra.co.nz' },

  // Asia
  {
    name: 'QQ Mail',
    domains: ['qq.com', 'foxmail.com'],
    host: 'pop.qq.com',
    wants: 'authorization code',
    note: 'QQ Mail wants an authorization code in place of the password: switch POP3 on in the settings of its web page, and use the code shown there.',
  },
  { name: 'Tencent Exmail', domains: [], mx: ['mxbiz1.qq.com', 'mxbiz2.qq.com'], host: 'pop.exmail.qq.com' },
  netEase('163.com'),
  netEase('126.com'),
  netEase('yeah.net'),
  {
    name: 'Naver',
    domains: ['naver.com'],
    host: 'pop.naver.com',
    wants: 'switch POP3 on, app password',
    note: 'Naver wants POP3 switched on in the settings of its web mail; with two-step verification it wants an application password.',
  },
  {
    name: 'Daum',
    domains: ['daum.net', 'hanmail.net'],
    host: 'pop.daum.net',
    wants: 'switch POP3 on, app password',
    note: 'Daum wants POP3 switched on in the settings of its web mail, and an app password where two-step verification is on.',
  },
  { name: 'Rediffmail', domains: ['rediffmail.com'], host: 'pop.rediffmail.com' },
  { name: 'Yahoo Japan', domains: ['yahoo.co.jp'], host: 'pop.mail.yahoo.co.jp', bareUser: true },

  // Hosters of other people's domains
  ionos('de', 'kundenserver.de', 'schlund.de'),
  ionos('com', '1and1.com'),
  ionos('es'),
  ionos('it'),
  { name: 'Strato', domains: [], mx: ['rzone.de', 'strato.de'], host: 'pop3.strato.de' },
  { name: 'domainFactory', domains: [], mx: ['ispgateway.de'], host: 'sslin.df.eu' },
  { name: 'OVH', domains: [], mx: ['ovh.net'], host: 'ssl0.ovh.net' },
  { name: 'Gandi', domains: [], mx: ['gandi.net'], host: 'mail.gandi.net' },
  { name: 'GoDaddy', domains: [], mx: ['secureserver.net'], host: 'pop.secureserver.net' },
  { name: 'Namecheap Private Email', domains: [], mx: ['privateemail.com'], host: 'mail.privateemail.com' },
  { name: 'DreamHost', domains: [], mx: ['dreamhost.com'], host: 'pop.dreamhost.com' },
  { name: 'Hostinger', domains: [], mx: ['hostinger.com'], host: 'pop.hostinger.com' },
  { name: 'Titan', domains: [], mx: ['titan.email'], host: 'pop.titan.email' },
  { name: 'Rackspace', domains: [], mx: ['emailsrvr.com'], host: 'secure.emailsrvr.com' },
  { name: 'Migadu', domains: [], mx: ['migadu.com'], host: 'pop.migadu.com' },
]

export const providers: readonly Provider[] = known.map(({ wants, ...one }) => {
  const smtp = smtpPlaceOf(one.host ?? '')
  const provider = { ...one, ...(smtp === undefined ? {} : { smtp }) }
  if (wants === undefined) return provider
  const url = /https:\/\/[^\s,;]+[^\s,;:.]/.exec(provider.note ?? '')?.[0] ?? null
  return { ...provider, advice: { code: wants, provider: provider.name, url } }
})

export function providerNamed(name: string): Provider | undefined {
  return providers.find((provider) => provider.name === name)
}

/** @param domain in lower case. */
export function providerOfDomain(domain: string): Provider | undefined {
  return providers.find(({ domains }) => domains.includes(domain))
}

/** Finds the provider of an MX record's host; if several match, the one with the longest ending wins. */
export function providerOfExchange(exchange: string): Provider | undefined {
  const fitting = providers.flatMap((provider) =>
    (provider.mx ?? []).filter((ending) => endsIn(exchange, ending)).map((ending) => ({ provider, ending })),
  )
  return fitting.toSorted((a, b) => b.ending.length - a.ending.length)[0]?.provider
}

/** Finds the provider whose POP3 host this is, or whose host for sending. */
export function providerOfHost(host: string, service: 'pop3' | 'smtp' = 'pop3'): Provider | undefined {
  const name = normalHost(host)
  if (service === 'pop3') return providers.find((provider) => provider.host === name)
  return providers.find(({ smtp }) => smtp?.host === name)
}

function endsIn(name: string, ending: string): boolean {
  return name === ending || name.endsWith(`.${ending}`)
}
