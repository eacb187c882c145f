/** deploy/tributary.service: systemd passes over what it does not know, and says so to nobody, so it is asked here; and what docs/operating.md sets up is what the unit expects. */
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { test } from 'node:test'
import { blocksOf } from '../support/blocks.ts'

const path = 'deploy/tributary.service'
const settings = [...readFileSync(path, 'utf8').matchAll(/^(\w+)=(.*)$/gm)].map(([, name = '', value = '']) => ({
  name,
  value,
}))
const valueOf = (name: string) => settings.find((one) => one.name === name)?.value ?? assert.fail(`no ${name}`)

/** As systemd 252 knows them (systemd.unit(5), systemd.exec(5), systemd.service(5), systemd.kill(5)). */
const known = new Set(
  (
    'Description Documentation Wants After WantedBy' +
    ' Type User Group WorkingDirectory ExecStart Environment EnvironmentFile StateDirectory StateDirectoryMode' +
    ' Restart RestartSec KillMode TimeoutStopSec LimitNOFILE' +
    ' ProtectSystem ProtectHome PrivateTmp PrivateDevices CapabilityBoundingSet NoNewPrivileges RestrictSUIDSGID' +
    ' PrivateUsers RestrictNamespaces RestrictRealtime LockPersonality RestrictAddressFamilies ProtectProc ProtectClock' +
    ' ProtectControlGroups ProtectHostname ProtectKernelLogs ProtectKernelModules ProtectKernelTunables RemoveIPC' +
    ' SystemCallArchitectures SystemCallFilter SystemCallErrorNumber'
  ).split(' '),
)

test('systemd knows every setting of the unit', () => {
  assert.ok(settings.length > 30)
  for (const { name } of settings) assert.ok(known.has(name), name)
})

// A container has none.
if (spawnSync('systemd-analyze', ['--version']).status === 0)
  test('systemd-analyze has nothing to say of the unit', analyzed)

function analyzed(): void {
  const { stdout, stderr } = spawnSync('systemd-analyze', ['verify', '--man=no', path], { encoding: 'utf8' })
  // It ends well whatever it finds, and looks at other units, too. A program that is not where the unit runs it is not its fault.
  const said = `${stdout}${stderr}`.split('\n').filter((line) => line.includes('tributary.service'))
  assert.deepEqual(
    said.filter((line) => !/is not executable|No such file/.test(line)),
    [],
  )
}

test('what docs/operating.md installs is what the unit runs, as its user and in its folders', () => {
  const block = blocksOf('docs/operating.md').find(({ text }) => text.includes('deploy/tributary.service'))
  const { text } = block ?? assert.fail('no block installs the unit')
  const [, program = ''] = /^\/usr\/bin\/node dist\/(.+)\.js$/.exec(valueOf('ExecStart')) ?? []
  assert.ok(existsSync(`${program}.ts`), valueOf('ExecStart'))
  assert.match(text, new RegExp(`git clone \\S+ ${valueOf('WorkingDirectory')} `))
  assert.match(
    text,
    new RegExp(`useradd --system --home-dir /var/lib/${valueOf('StateDirectory')} .* ${valueOf('User')}$`, 'm'),
  )
  assert.ok(valueOf('Environment').includes(`TRIBUTARY_HOME=/var/lib/${valueOf('StateDirectory')}`))
  assert.ok(readFileSync('docs/operating.md', 'utf8').includes(`\`${valueOf('EnvironmentFile').replace(/^-/, '')}\``))
})
