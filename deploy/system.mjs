// The programs that must be on this machine: which versions of them will do, which are missing, and what people are told to do about it.
// It has no dependencies, just as start.mjs has none.
import { spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'

const elsewhere = 'docker compose runs everything on any system: see README.md.'

/** Each with the files of which one proves that it is here. Debian and all that come of it have these files in these packages. */
export const packages = [
  { name: 'redis-server', proofs: ['/usr/bin/redis-server', '/usr/bin/valkey-server'] },
  { name: 'dovecot-imapd', proofs: ['/usr/lib/dovecot/imap'] },
  { name: 'dovecot-pop3d', proofs: ['/usr/lib/dovecot/pop3'] },
  { name: 'openssl', proofs: ['/usr/bin/openssl'] },
]

/** The programs of which the version matters, and what will do. */
const versions = [
  {
    file: '/usr/sbin/dovecot',
    part: 'dovecot',
    name: 'Dovecot',
    demand: '2.3 or 2.4',
    fits: (major, minor) => major === 2 && (minor === 3 || minor === 4),
  },
  { file: '/usr/bin/redis-server', part: 'redis', name: 'Redis', demand: '7.0 or newer', fits: (major) => major >= 7 },
  {
    file: '/usr/bin/valkey-server',
    part: 'redis',
    name: 'Valkey',
    demand: '8.0 or newer',
    fits: (major) => major >= 8,
  },
]

/** Says why this Node will not do; undefined: it does. */
export function wrongNode(version) {
  const [major, minor] = numbersIn(version)
  if (major > 20 || (major === 20 && minor >= 19)) return undefined
  return `Node ${version} is too old: 20.19 or newer is needed.`
}

/** Says which program of these parts has a version that will not do; undefined: none. `here` gives what a program that is here says of its version. */
export function wrongVersion(need, here = versionHere) {
  const said = versions.flatMap((program) => {
    const text = need.includes(program.part) ? here(program.file) : undefined
    return text === undefined ? [] : [{ ...program, text, fits: program.fits(...numbersIn(text)) }]
  })
  // A Valkey that fits makes up for an old Redis, and the other way round.
  const wrong = said.find(({ part, fits }) => !fits && !said.some((one) => one.part === part && one.fits))
  if (wrong === undefined) return undefined
  const { name, text, demand, file } = wrong
  if (!/\d\.\d/.test(text))
    return `${file} --version names no version${text.trim() === '' ? '' : ` ("${text.trim().slice(0, 200)}")`}: install ${name} ${demand} anew. Or ${elsewhere}`
  return `${name} ${numbersIn(text).join('.')} is on this machine, and ${name} ${demand} is needed: ${elsewhere}`
}

/** The names of those of these packages of which nothing is here. */
export function missingOf(wanted, isHere = existsSync) {
  return wanted.filter(({ proofs }) => !proofs.some((file) => isHere(file))).map(({ name }) => name)
}

/** Says what to install where there is no apt. */
export function withoutApt(missing) {
  const lines = {
    'redis-server': 'Redis 7.0 or newer, or Valkey 8.0 or newer (/usr/bin/redis-server or /usr/bin/valkey-server)',
    'dovecot-imapd': 'Dovecot 2.3 or 2.4 with IMAP (/usr/sbin/dovecot, /usr/lib/dovecot/imap)',
    'dovecot-pop3d': 'Dovecot with POP3 (/usr/lib/dovecot/pop3)',
    openssl: 'OpenSSL (/usr/bin/openssl)',
  }
  return [
    'There is no apt here, so these are to be installed by hand:',
    ...missing.map((name) => `  ${lines[name] ?? name}`),
    `Or leave it to containers: ${elsewhere}`,
  ].join('\n')
}

function versionHere(file) {
  if (!existsSync(file)) return undefined
  const { stdout, stderr, error } = spawnSync(file, ['--version'], { encoding: 'utf8', timeout: 20_000 })
  return stdout || stderr || error?.message || ''
}

/** The first two numbers of a version, wherever in the text it stands. */
function numbersIn(text) {
  const [, major = '0', minor = '0'] = /(\d+)\.(\d+)/.exec(text) ?? []
  return [Number(major), Number(minor)]
}
