/** What a person reads at start, and how a start is ended. */
import assert from 'node:assert/strict'
import { EventEmitter } from 'node:events'
import { test } from 'node:test'
import { interruptsOf } from '../../deploy/interrupts.ts'
import { levelOf } from '../../deploy/lines.ts'
import { sentence, welcome } from '../../deploy/terminal.ts'
import { readConfig } from '../../src/config.ts'
import { homeOf } from '../../src/disk/home.ts'

const line = (event: object) => sentence(JSON.stringify({ time: '2026-01-02T03:04:05.678Z', ...event })).slice(8)

test('an event is a sentence, with its facts only where it has no words', () => {
  assert.match(sentence(JSON.stringify({ time: '2026-01-02T03:04:05.678Z', msg: 'x' })), /^\d\d:\d\d:\d\d {2}/)
  const ready = { level: 'info', process: 'local', event: 'part ready', part: 'redis' }
  assert.equal(line({ ...ready, msg: 'redis is ready' }), '  redis is ready')
  const run = { level: 'info', process: 'worker', event: 'run finished', runId: 'R', stored: 3, failure: null }
  assert.equal(line(run), '  worker: run finished, runId R, stored 3')
  const away = { level: 'warn', process: 'api', event: 'redis away', reason: 'refused' }
  assert.equal(line(away), '  api: Warning: redis away, reason refused')
  const broke = { level: 'fatal', process: 'api', event: 'api broke', err: { message: 'no room', stack: 'at x' } }
  assert.equal(line(broke), '  api: Error: api broke, err no room')
  for (const other of ['npm warn', '{', '"x"', 'null']) assert.equal(sentence(other), other)
})

test('what Redis and Dovecot say every day is for those who look for it', () => {
  for (const [words, level] of [
    ['1:M 02 Jan 2026 03:04:05.678 # WARNING Memory overcommit must be enabled! ... vm.overcommit_memory', 'debug'],
    ['# WARNING: The TCP backlog setting of 511 cannot be enforced', 'debug'],
    ['* Ready to accept connections', 'debug'],
    ['Jan 02 03:04:05 master: Info: Dovecot v2.3.19.1 starting up for imap, pop3', 'debug'],
    ['master: Warning: Killed with signal 15 (by pid=1 uid=0 code=kill)', 'debug'],
    ['# Warning: the disk is slow', 'warn'],
    ['imap(alice): Error: Mailbox INBOX is corrupt', 'error'],
    ['imap-login: Fatal: no such certificate', 'fatal'],
  ] as const)
    assert.equal(levelOf(words), level, words)
})

test('the welcome says what runs, where it is and how to sign in', () => {
  const { lines, facts } = welcome(
    readConfig({}, () => ''),
    homeOf('/x'),
  )
  for (const words of ['http://127.0.0.1:8420/', '/x/admin-token', 'port 1143', 'port 1110', 'Ctrl-C'])
    assert.ok(lines.includes(words), words)
  const secure = { TRIBUTARY_TLS_CERT: '/c', TRIBUTARY_TLS_KEY: '/k', TRIBUTARY_PUBLIC_NAME: 'mail.example.org' }
  assert.match(
    welcome(
      readConfig(secure, () => ''),
      homeOf('/x'),
    ).lines,
    /https:\/\/mail\.example\.org:8420\//,
  )
  assert.equal(JSON.stringify(facts).includes('token":'), false)
})

test('one Ctrl-C that comes by several ways is one; a later one ends at once', () => {
  const source = new EventEmitter()
  let nowMs = 0
  const { stop, kill } = interruptsOf(source, () => nowMs)
  assert.deepEqual([stop.aborted, kill.aborted], [false, false])
  source.emit('SIGINT')
  nowMs = 30
  source.emit('SIGINT')
  source.emit('SIGTERM')
  assert.deepEqual([stop.aborted, kill.aborted], [true, false])
  nowMs = 2000
  source.emit('SIGINT')
  assert.ok(kill.aborted)
})
