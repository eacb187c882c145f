/** Lets fetchmail and mpop look at many maildrops that hold nothing new for them, one after the other, as they do. */
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { startChild } from '../deploy/child.ts'
import { childIdentity, handOver } from '../deploy/identity.ts'
import { freePorts } from '../test/support/ports.ts'
import { type QuietProvider, startQuietProvider } from '../test/support/quiet-provider.ts'

export interface IdlePeer {
  readonly name: 'fetchmail' | 'mpop'
  readonly delayMs: number
  readonly accounts: number
  readonly seconds: number
  readonly cpuSeconds: number
}

/** Their first visit, without delay, brings what is there; it is not measured. */
export async function idlePeers(
  folder: string,
  accounts: number,
  delays: readonly number[],
  say: (line: string) => void,
): Promise<IdlePeer[]> {
  mkdirSync(folder)
  const [port = 0] = await freePorts(1)
  // One message is enough to have something to remember, and costs their first visit least.
  const provider = await startQuietProvider({ ports: [port], messages: 1 })
  try {
    const measured: IdlePeer[] = []
    for (const name of ['fetchmail', 'mpop'] as const) {
      const command = name === 'fetchmail' ? fetchmailIn(folder, port, accounts) : mpopIn(folder, port, accounts)
      handOver(folder, childIdentity([]))
      say(`${name} visits ${accounts} accounts for the first time`)
      await provider.delay(0)
      await visited(name, command, { folder, provider, accounts })
      for (const delayMs of delays) {
        say(`${name} visits them at ${delayMs} ms`)
        await provider.delay(delayMs)
        measured.push({ name, delayMs, accounts, ...(await visited(name, command, { folder, provider, accounts })) })
      }
    }
    return measured
  } finally {
    await provider.stop()
  }
}

function fetchmailIn(folder: string, port: number, accounts: number): string[] {
  const conf = join(folder, 'fetchmailrc')
  const users = Array.from(
    { length: accounts },
    (_, nth) => `  user "user${nth}" there with password "secret" is "nobody" here options keep sslproto ""`,
  )
  const lines = [`poll 127.0.0.1 protocol pop3 service ${port} uidl`, ...users]
  writeFileSync(conf, `${lines.join('\n')}\n`, { mode: 0o600 })
  const own = ['--pidfile', join(folder, 'pid'), '--idfile', join(folder, 'ids'), '--mda', '/bin/true']
  return ['fetchmail', '--nodetach', '--silent', '--fetchmailrc', conf, ...own]
}

function mpopIn(folder: string, port: number, accounts: number): string[] {
  const conf = join(folder, 'mpoprc')
  const shared = [
    'defaults',
    'host 127.0.0.1',
    `port ${port}`,
    'password secret',
    'auth user',
    'tls off',
    'keep on',
    'pipelining on',
    `uidls_file ${join(folder, 'uidls')}/%U`,
    `delivery mbox ${join(folder, 'mbox')}`,
  ]
  mkdirSync(join(folder, 'uidls'))
  const each = Array.from({ length: accounts }, (_, nth) => [`account a${nth}`, `user user${nth}`]).flat()
  writeFileSync(conf, `${[...shared, ...each].join('\n')}\n`, { mode: 0o600 })
  return ['mpop', '--quiet', '--all-accounts', '--file', conf]
}

interface Desk {
  readonly folder: string
  readonly provider: QuietProvider
  readonly accounts: number
}

async function visited(name: string, command: readonly string[], { folder, provider, accounts }: Desk) {
  const lines: string[] = []
  const before = await provider.see()
  const sinceMs = performance.now()
  const child = await startChild({
    name,
    command: 'sh',
    // `times` prints what the shell and then its ended children have used.
    args: ['-c', '"$@"; code=$?; times; exit $code', 'sh', ...command],
    env: { ...process.env, HOME: folder },
    identity: childIdentity([]),
    onLine: (line) => lines.push(line),
  })
  const how = await child.exited
  const seconds = (performance.now() - sinceMs) / 1000
  const visits = (await provider.see()).visits - before.visits
  // fetchmail's exit code 1 says that there was no mail.
  if (!/^exit code [01]$/.test(how) || visits !== accounts)
    throw new Error(`${name}: ${how}, ${visits} of ${accounts} accounts.\n${lines.slice(-20).join('\n')}`)
  const cpuSeconds = [...(lines.at(-1) ?? '').matchAll(/(\d+)m([\d.]+)s/g)].reduce(
    (sum, [, minutes, rest]) => sum + Number(minutes) * 60 + Number(rest),
    0,
  )
  return { seconds, cpuSeconds }
}
