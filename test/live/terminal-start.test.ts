/** `npm start` as a person sees it: on a terminal of its own (script(1) makes one). */
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { instancePorts, settingsOf } from '../support/instance.ts'
import { until } from '../support/until.ts'

const home = mkdtempSync(join(tmpdir(), 'tributary-terminal-'))
const ports = await instancePorts()
after(() => rmSync(home, { recursive: true, force: true }))

const env = { PATH: process.env['PATH'], HOME: process.env['HOME'], TRIBUTARY_HOME: home, ...settingsOf(ports) }

function onTerminal(command: string) {
  const child = spawn('script', ['--quiet', '--flush', '--return', '--command', command, '/dev/null'], {
    env: { ...env, SHELL: '/bin/sh', TERM: 'xterm' },
    stdio: ['pipe', 'pipe', 'pipe'],
  })
  let said = ''
  child.stdout.on('data', (piece: Buffer) => (said += piece.toString()))
  const exited = once(child, 'exit')
  return { child, said: () => said, exited }
}

test('a terminal is told in sentences, with a link that signs in once; a second start says where the first one is', async () => {
  const { child, said, exited } = onTerminal(`exec ${process.execPath} dist/deploy/run.js`)
  await until('the start', () => {
    assert.equal(child.exitCode, null, said())
    return said().includes('Ctrl-C stops everything')
  })
  const [first = ''] = said().split('\r\n')
  assert.match(first, /^\d\d:\d\d:\d\d {2}Tributary starts\. All that it keeps is in /)
  for (const line of said().split('\r\n')) assert.ok(!line.startsWith('{') && !/overcommit/.test(line), line)
  const [, url = '', code = ''] =
    /(http:\/\/127\.0\.0\.1:\d+\/enter#)([\w-]{43})\r\n/.exec(said()) ?? assert.fail(said())
  assert.equal(url, `http://127.0.0.1:${ports.http}/enter#`)
  assert.ok(said().includes(join(home, 'admin-token')))
  assert.ok(!said().includes(readFileSync(join(home, 'admin-token'), 'utf8').trim()))
  const enter = async () =>
    await fetch(`http://127.0.0.1:${ports.http}/api/v1/session/enter`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ code }),
    })
  assert.deepEqual([(await enter()).status, (await enter()).status], [200, 401])

  const second = onTerminal(`exec ${process.execPath} dist/deploy/run.js`)
  const [status] = (await second.exited) as [number]
  assert.equal(status, 1, second.said())
  assert.match(
    second.said(),
    new RegExp(
      `Tributary runs here already: http://127\\.0\\.0\\.1:${ports.http}/ \\(process (\\d+)\\)\\r\\nTo stop it: kill \\1\\r\\n`,
    ),
  )
  // Ctrl-C
  child.stdin.write('\x03')
  const [how] = (await exited) as [number]
  assert.equal(how, 0, said())
})
