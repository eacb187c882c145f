import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { Orders } from '../../src/imap/orders.ts'
import { fillFolder } from '../support/large-folder.ts'
import { startProxy } from '../support/proxy.ts'
import { type Stack, startStack } from '../support/stack.ts'
import { watchLoop } from '../support/stretches.ts'

/** Fifty thousand by hand: TRIBUTARY_LARGE=50000. */
const count = Number(process.env['TRIBUTARY_LARGE'] ?? 2000)
const beganMs = Date.UTC(2020, 0, 1)
const hourMs = 3_600_000
const heldMsMax = 200

let stack: Stack
let destination: string
before(async () => {
  stack = await startStack()
  destination = await stack.destination('reader')
  await fillFolder({
    port: stack.dovecot.imapPort,
    user: 'reader',
    password: 'wonder',
    folder: 'Large',
    count,
    message: (nth) => ({
      text: `From: Ada <ada@example.org>\nSubject: ${subjectOf(nth)}\nContent-Type: text/plain; charset=utf-8\n\nThe ${nth}th letter.${nth === 3 ? ' Your Đơn hàng.' : ''}\n`,
      arrived: new Date(beganMs + nth * hourMs),
      flags: nth % 10 === 0 ? '' : '\\Seen',
    }),
  })
})
after(async () => await stack.stop())

/** The newest but one has letters with marks, and so has an old one in its text. */
const subjectOf = (nth: number) => (nth === count - 2 ? '=?utf-8?b?xJDGoW4gaMOgbmc=?= 7' : `Letter ${nth}`)

interface Listed {
  readonly subjects: readonly unknown[]
  readonly offset: number
  readonly total: number
  readonly status: number
  readonly body: { readonly [name: string]: unknown; readonly items: readonly Record<string, unknown>[] }
}

async function list(query: string, of = destination): Promise<Listed> {
  const { status, body } = await stack.call('GET', `/destinations/${of}/messages?folder=Large&${query}`)
  const subjects = body.items?.map(({ subject }) => subject)
  return { subjects, offset: Number(body['offset']), total: Number(body['total']), status, body }
}

test('a page begins anywhere: behind so many messages, with a message, or before a time', async () => {
  const watch = watchLoop()
  const first = await list('limit=2')
  assert.deepEqual([first.subjects, first.offset, first.total], [[`Letter ${count - 1}`, 'Đơn hàng 7'], 0, count])
  const last = await list(`limit=50&offset=${count - 3}`)
  assert.deepEqual(
    [last.subjects, last.offset, last.body['next']],
    [['Letter 2', 'Letter 1', 'Letter 0'], count - 3, null],
  )
  const uid = last.body.items[1]?.['uid']
  const with1 = await list(`limit=1&uid=${String(uid)}`)
  assert.deepEqual([with1.subjects, with1.offset], [['Letter 1'], count - 2])
  for (const nth of [0, 1, 777, count - 1]) {
    const before = new Date(beganMs + nth * hourMs + 1000).toISOString()
    const found = await list(`limit=1&before=${before}`)
    assert.deepEqual(
      [found.body.items[0]?.['arrived'], found.offset],
      [new Date(beganMs + nth * hourMs).toISOString(), count - 1 - nth],
    )
  }
  const none = await list(`limit=1&before=${new Date(beganMs).toISOString()}`)
  assert.deepEqual([none.subjects, none.offset], [[], count])
  assert.equal((await list('limit=1&uid=4000000000')).status, 404)
  assert.equal((await list(`limit=1&offset=${count + 5}`)).offset, count)
  const unread = await list('limit=2&offset=1&unread=true')
  assert.deepEqual([unread.total, unread.subjects[0]], [count / 10, `Letter ${count - 20}`])
  assert.ok(watch.stop() < heldMsMax, `held the loop for ${watch.stop()} ms`)
})

test('the rows have the first words of their text', async () => {
  assert.deepEqual(
    (await list('limit=2')).body.items.map(({ snippet }) => snippet),
    [`The ${count - 1}th letter.`, `The ${count - 2}th letter.`],
  )
})

test('letters with marks are found by those without and the other way round, and it is said where was looked', async () => {
  const watch = watchLoop()
  for (const search of ['don hang', 'Đơn hàng', 'DON  HANG', 'đơn hang']) {
    const { subjects, body } = await list(`search=${encodeURIComponent(search)}`)
    assert.deepEqual(subjects, ['Đơn hàng 7', 'Letter 3'], search)
    const searched = body['searched'] as Record<string, unknown>
    const { messages, text, folded } = searched
    assert.deepEqual([messages, text, folded], [count, count, Math.min(count, 10_000)], search)
  }
  const { body } = await list('search=don%20hang')
  assert.deepEqual((body['searched'] as Record<string, unknown>)['spellings'], ['đơn hàng'])
  assert.equal((await list('limit=1')).body['searched'], null)
  assert.ok(watch.stop() < heldMsMax, `held the loop for ${watch.stop()} ms`)
})

test('a folder is sorted and searched once for all of its pages, until it has other messages', async () => {
  const asked = { sorted: 0, searched: 0 }
  const proxy = await startProxy(stack.dovecot.imapPort, (said) => {
    if (/^\* SORT/m.test(said)) asked.sorted += 1
    if (/^\* SEARCH/m.test(said)) asked.searched += 1
    return said
  })
  const given = { kind: 'imap', host: '127.0.0.1', port: proxy.port, tls: 'none', user: 'reader', password: 'wonder' }
  const { id } = (await stack.call('POST', '/destinations', given)).body
  await list('limit=2', id)
  await list('limit=2&offset=700', id)
  await list('search=777', id)
  const before = { ...asked }
  assert.equal(before.sorted, 1)
  await list('search=777&offset=1', id)
  await list('limit=2&offset=900', id)
  assert.deepEqual(asked, before)
  await fillFolder({
    port: stack.dovecot.imapPort,
    user: 'reader',
    password: 'wonder',
    folder: 'Other',
    count: 1,
    message: () => ({ text: 'Subject: x\n\n', arrived: new Date(beganMs) }),
  })
  await list('limit=2', id)
  assert.deepEqual(asked, before)
  const [newest] = (await list('limit=1', id)).body.items
  await stack.call('PATCH', `/destinations/${id}/messages/${String(newest?.['uid'])}?folder=Large`, { flagged: true })
  assert.equal((await list('limit=1', id)).body.items[0]?.['flagged'], true)
  assert.deepEqual(asked, before)
  await proxy.close()
})

test('a store without PREVIEW and SORT gives its lists the same words, by their beginnings', async () => {
  const proxy = await startProxy(stack.dovecot.imapPort, (said) =>
    said.replaceAll(' PREVIEW', ' WEIVERP').replaceAll(' SORT', ' TROS'),
  )
  const given = { kind: 'imap', host: '127.0.0.1', port: proxy.port, tls: 'none', user: 'reader', password: 'wonder' }
  const { id } = (await stack.call('POST', '/destinations', given)).body
  const { body, offset } = await list('limit=2&offset=3', id)
  assert.deepEqual(
    [offset, body.items.map(({ snippet }) => snippet)],
    [3, [`The ${count - 4}th letter.`, `The ${count - 5}th letter.`]],
  )
  assert.deepEqual((await list('search=don%20hang', id)).subjects, ['Đơn hàng 7', 'Letter 3'])
  await proxy.close()
})

test('the orders that are kept have an end, and the one that was asked for last is kept', () => {
  const orders = new Orders(10_000)
  const order = (length: number) => ({ uids: new Uint32Array(length), searched: null })
  for (let nth = 0; nth < 50; nth += 1) {
    orders.keep(`folder ${nth}`, 'state', order(250))
    orders.get('folder 0', 'state')
    assert.ok(orders.octets <= 10_000)
  }
  assert.ok(orders.get('folder 0', 'state') !== undefined)
  assert.equal(orders.get('folder 1', 'state'), undefined)
  assert.equal(orders.get('folder 0', 'another'), undefined)
  orders.keep('too large', 'state', order(1_000_000))
  assert.equal(orders.get('too large', 'state'), undefined)
})
