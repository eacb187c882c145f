/** Asks back where a domain is one letter away from one that most people mean. Pure. */
import { distance } from '../distance.ts'

const common =
  'gmail.com googlemail.com outlook.com hotmail.com yahoo.com icloud.com proton.me protonmail.com fastmail.com ' +
  't-online.de freenet.de outlook.de hotmail.de yahoo.de mailbox.org posteo.de hotmail.fr yahoo.fr orange.fr laposte.net ' +
  'wanadoo.fr libero.it virgilio.it tiscali.it btinternet.com comcast.net verizon.net rambler.ru yandex.ru seznam.cz ' +
  'naver.com hanmail.net yahoo.co.jp yahoo.co.uk hotmail.co.uk'
const domains = common.split(' ')

/** @param domain in lower case, of no provider that we know. @returns the domain that was probably meant. */
export function meantDomain(domain: string): string | undefined {
  if (domains.includes(domain)) return undefined
  return domains.find((one) => distance(domain, one) === 1 || isSwapped(domain, one))
}

/** Two letters that stand beside each other have changed places: `gmial.com`. */
function isSwapped(one: string, other: string): boolean {
  if (one.length !== other.length) return false
  const at = one.split('').findIndex((letter, nth) => letter !== other[nth])
  return (
    at !== -1 && one[at] === other[at + 1] && one[at + 1] === other[at] && one.slice(at + 2) === other.slice(at + 2)
  )
}
