/**
 * Where the providers of the list take mail that is sent, by their POP3 host: from their help pages and Thunderbird's database (March 2026).
 * At port 465 with TLS from the first byte, unless `:587` says that it is STARTTLS there.
 */
import type { TlsMode } from './login.ts'

export interface SmtpPlace {
  readonly host: string
  readonly port: number
  readonly tls: TlsMode
}

const places: Readonly<Record<string, string>> = {
  'pop.gmail.com': 'smtp.gmail.com',
  'outlook.office365.com': 'smtp.office365.com:587',
  'pop.mail.yahoo.com': 'smtp.mail.yahoo.com',
  'pop.aol.com': 'smtp.aol.com',
  'pop.fastmail.com': 'smtp.fastmail.com',
  'pop.zoho.com': 'smtp.zoho.com',
  'pop.zoho.eu': 'smtp.zoho.eu',
  'pop.zoho.in': 'smtp.zoho.in',
  'pop.zoho.com.au': 'smtp.zoho.com.au',
  'pop.zoho.jp': 'smtp.zoho.jp',
  'poppro.zoho.com': 'smtppro.zoho.com',
  'poppro.zoho.eu': 'smtppro.zoho.eu',
  'poppro.zoho.in': 'smtppro.zoho.in',
  'poppro.zoho.com.au': 'smtppro.zoho.com.au',
  'poppro.zoho.jp': 'smtppro.zoho.jp',
  'pop.mail.com': 'smtp.mail.com',
  'pop.gmx.net': 'mail.gmx.net',
  'pop.gmx.com': 'mail.gmx.com',
  'pop3.web.de': 'smtp.web.de',
  'securepop.t-online.de': 'securesmtp.t-online.de',
  'pop3.vodafonemail.de': 'smtp.vodafonemail.de',
  'posteo.de': 'posteo.de',
  'pop3.mailbox.org': 'smtp.mailbox.org',
  'pop3s.bluewin.ch': 'smtpauths.bluewin.ch',
  'pop.orange.fr': 'smtp.orange.fr',
  'pop.free.fr': 'smtp.free.fr',
  'pop.laposte.net': 'smtp.laposte.net',
  'pop.sfr.fr': 'smtp.sfr.fr',
  'pop.proximus.be': 'relay.proximus.be:587',
  'pop.telenet.be': 'smtp.telenet.be:587',
  'pop.kpnmail.nl': 'smtp.kpnmail.nl',
  'pop.ziggo.nl': 'smtp.ziggo.nl:587',
  'popmail.libero.it': 'smtp.libero.it',
  'in.virgilio.it': 'out.virgilio.it',
  'pop.tim.it': 'smtp.tim.it:587',
  'in.alice.it': 'out.alice.it:587',
  'pop.tiscali.it': 'smtp.tiscali.it',
  'pop.fastwebnet.it': 'smtp.fastwebnet.it:587',
  'pop.email.it': 'out.email.it',
  'pop3s.aruba.it': 'smtps.aruba.it',
  'pop.sapo.pt': 'smtp.sapo.pt',
  'mail.btinternet.com': 'mail.btinternet.com',
  'pop.tools.sky.com': 'smtp.tools.sky.com',
  'pop3.virginmedia.com': 'smtp.virginmedia.com',
  'pop3.ntlworld.com': 'smtp.ntlworld.com',
  'pop3.blueyonder.co.uk': 'smtp.blueyonder.co.uk',
  'pop3.seznam.cz': 'smtp.seznam.cz',
  'poczta.o2.pl': 'poczta.o2.pl',
  'pop3.wp.pl': 'smtp.wp.pl',
  'pop3.poczta.onet.pl': 'smtp.poczta.onet.pl',
  'pop.mail.ru': 'smtp.mail.ru',
  'pop.yandex.com': 'smtp.yandex.com',
  'pop.rambler.ru': 'smtp.rambler.ru',
  'mail.comcast.net': 'smtp.comcast.net',
  'inbound.att.net': 'smtp.mail.att.net',
  'mail.twc.com': 'mail.twc.com:587',
  'pop.centurylink.net': 'smtp.centurylink.net:587',
  'pop.earthlink.net': 'smtpauth.earthlink.net:587',
  'pophm.sympatico.ca': 'smtphm.sympatico.ca:587',
  'pop3.uol.com.br': 'smtps.uol.com.br:587',
  'pop3.bol.com.br': 'smtps.bol.com.br',
  'pop.telstra.com': 'smtp.telstra.com',
  'pop3.xtra.co.nz': 'send.xtra.co.nz',
  'pop.qq.com': 'smtp.qq.com',
  'pop.exmail.qq.com': 'smtp.exmail.qq.com',
  'pop.163.com': 'smtp.163.com',
  'pop.126.com': 'smtp.126.com',
  'pop.yeah.net': 'smtp.yeah.net',
  'pop.naver.com': 'smtp.naver.com',
  'pop.daum.net': 'smtp.daum.net',
  'pop.rediffmail.com': 'smtp.rediffmail.com',
  'pop.mail.yahoo.co.jp': 'smtp.mail.yahoo.co.jp',
  'pop.ionos.de': 'smtp.ionos.de',
  'pop.ionos.com': 'smtp.ionos.com',
  'pop.ionos.es': 'smtp.ionos.es',
  'pop.ionos.it': 'smtp.ionos.it',
  'pop3.strato.de': 'smtp.strato.de',
  'sslin.df.eu': 'sslout.df.eu',
  'ssl0.ovh.net': 'ssl0.ovh.net',
  'mail.gandi.net': 'mail.gandi.net',
  'pop.secureserver.net': 'smtpout.secureserver.net',
  'mail.privateemail.com': 'mail.privateemail.com',
  'pop.dreamhost.com': 'smtp.dreamhost.com',
  'pop.hostinger.com': 'smtp.hostinger.com',
  'pop.titan.email': 'smtp.titan.email',
  'secure.emailsrvr.com': 'secure.emailsrvr.com',
  'pop.migadu.com': 'smtp.migadu.com',
}

/** @param pop3Host in its one form. */
export function smtpPlaceOf(pop3Host: string): SmtpPlace | undefined {
  const [host, port] = (Object.hasOwn(places, pop3Host) ? places[pop3Host] : undefined)?.split(':') ?? []
  if (host === undefined) return undefined
  return port === '587' ? { host, port: 587, tls: 'starttls' } : { host, port: 465, tls: 'implicit' }
}
