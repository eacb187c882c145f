/** Names that nobody answers for keep nobody else's waiting. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { netLimits } from '../../src/net/limits.ts'
import { Names, type Resolve } from '../../src/net/names.ts'

const local = [{ address: '192.0.2.1', family: 4 }]

/** A resolver whose answers come when the test gives them, and a clock of its own. */
function resolver(threads: number) {
  let at = 0
  const open: [string, () => void][] = []
  const resolve: Resolve = (host, _options, found) => void open.push([host, () => found(null, local)])
  const names = new Names({ threads, resolve, now: () => at })
  const told: string[] = []
  return {
    told,
    asked: () => open.map(([host]) => host),
    ask: (host: string) =>
      names.lookup(host, { all: true }, (error, addresses) =>
        told.push(`${host} ${error?.code ?? (addresses as typeof local)[0]?.address ?? ''}`),
      ),
    names,
    answer: (host: string, afterMs = 0) => {
      at += afterMs
      const nth = open.findIndex(([other]) => other === host)
      assert.notEqual(nth, -1, `${host} was asked`)
      open.splice(nth, 1)[0]?.[1]()
    },
  }
}

const many = (count: number, name: string) => Array.from({ length: count }, (_, nth) => `${name}${nth}.test`)

test('a name that was answered quickly is looked up at once, whoever asks for silent ones', () => {
  for (const threads of [4, 8, 24]) {
    const { ask, answer, asked, told } = resolver(threads)
    ask('good.test')
    answer('good.test', 10)
    for (const name of many(100, 'silent')) ask(name)
    assert.equal(asked().length, Math.max(1, Math.floor((threads + 1) / 4)), 'half of what there is')
    ask('good.test')
    answer('good.test', 10)
    assert.deepEqual(told, ['good.test 192.0.2.1', 'good.test 192.0.2.1'])
  }
})

test('names that are known to be slow leave places to new ones', () => {
  const { ask, answer, asked } = resolver(24)
  const slow = many(20, 'slow')
  for (const name of slow) ask(name)
  for (const name of slow) answer(name, 9000)
  for (const name of slow) ask(name)
  assert.deepEqual(asked(), ['slow0.test', 'slow1.test', 'slow2.test'])
  ask('new.test')
  assert.ok(asked().includes('new.test'))
  answer('slow1.test', 10)
  assert.ok(!asked().includes('slow1.test') && asked().includes('slow3.test'), 'the next one takes its place')
})

test('one slow answer makes no good name slow, and two do', () => {
  const { ask, answer, asked } = resolver(24)
  const pair = ['a.test', 'b.test', 'c.test', 'd.test', 'e.test']
  for (const afterMs of [10, 3000, 3000])
    for (const name of pair) {
      ask(name)
      answer(name, afterMs)
    }
  for (const name of pair) ask(name)
  assert.equal(asked().length, 3)
})

test('who asks for a name that is being looked up gets the same answer, and one who wants one address gets one', () => {
  const { names, ask, answer, asked, told } = resolver(4)
  ask('same.test')
  ask('same.test')
  ask('SAME.test')
  assert.deepEqual(asked(), ['same.test'])
  answer('same.test')
  assert.deepEqual(told, ['same.test 192.0.2.1', 'same.test 192.0.2.1', 'SAME.test 192.0.2.1'])
  names.lookup('one.test', {}, (_error, address, family) => told.push(`${JSON.stringify(address)} ${family ?? ''}`))
  answer('one.test')
  assert.equal(told.at(-1), '"192.0.2.1" 4')
})

test('a name that gets no thread in time fails as one that has no answer just now', ({ mock }) => {
  mock.timers.enable({ apis: ['setTimeout'] })
  const { ask, asked, told } = resolver(4)
  ask('first.test')
  ask('second.test')
  mock.timers.tick(netLimits.nameWaitMs)
  assert.deepEqual(told, ['second.test EAI_AGAIN'])
  assert.deepEqual(asked(), ['first.test'])
})
