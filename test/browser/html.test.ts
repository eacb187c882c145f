import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { after, before, test } from 'node:test'
import type { Worker } from 'node:worker_threads'
import type { Browser } from 'playwright-core'
import { pino } from 'pino'
import { Cleaner, type CleanerBounds } from '../../api/http/cleaner.ts'
import { cleaned, htmlOfText, sanitised } from '../../src/mail/html.ts'
import { documentOf } from '../../src/mail/document.ts'
import { mailLimits } from '../../src/mail/limits.ts'
import { startBrowser } from '../support/browser.ts'
import { until } from '../support/until.ts'

const clean = (html: string, remote = false) =>
  sanitised(html, { remote, image: (id) => (id === 'logo@example.org' ? 'data:image/png;base64,QQ==' : undefined) })

test('what could act is left out, and words stay', () => {
  for (const [hostile, left] of [
    ['<script>alert(1)</script>words', 'words'],
    ['<img src=x onerror=alert(1)>', '<img />'],
    ['<p onclick=alert(1) id=x class=y>p</p>', '<p>p</p>'],
    ['<svg><style><img src=x onerror=alert(1)></style></svg>words', 'words'],
    ['<math><mtext><table><mglyph><style><!--</style><img title="--&gt;&lt;img src=1 onerror=alert(1)&gt;">', ''],
    ['<svg><textarea><img src=x onerror=alert(1)></textarea></svg>words', 'words'],
    ['<textarea></textarea/><img src=x onerror=alert(1)>', ''],
    ['<svg></p><style><a title="</style><img src=x onerror=alert(1)>">', ''],
    ['<noscript><p title="</noscript><img src=x onerror=alert(1)>"></noscript>words', 'words'],
    ['<textarea><img src=x onerror=alert(1)></textarea><xmp><b></xmp><template><i></template>words', 'words'],
    ['<iframe src=//e></iframe><object data=//e></object><embed src=//e><frameset><frame src=//e></frameset>w', 'w'],
    ['<form action=//e><input name=password><button>Sign in</button></form>', 'Sign in'],
    ['<meta http-equiv=refresh content="0;url=//e"><base href=//e><link rel=stylesheet href=//e>words', 'words'],
    ['<style>@import "//e"; @font-face { src: url(//e) }</style>words', 'words'],
    ['<!--[if mso]><img src=//e><![endif]-->a<![if !mso]>b<![endif]>', 'ab'],
    ['<p title="a&quot; onload=x">p</p>', '<p title="a&quot; onload=x">p</p>'],
    ['<video poster=//e src=//e></video><audio src=//e></audio>words', 'words'],
  ] as const)
    assert.equal(clean(hostile, true).html, left, hostile)
})

test('a link leads to the web or to a mail program, in a page of its own, and nowhere else', () => {
  const own = 'target="_blank" rel="noopener noreferrer"'
  for (const href of ['https://example.org/a?b=1&amp;c=2', 'http://example.org/', 'mailto:me@example.net', 'tel:+41'])
    assert.equal(clean(`<a href="${href}" target=_top rel=opener>a</a>`).html, `<a ${own} href="${href}">a</a>`)
  for (const href of [
    'javascript:alert(1)',
    'java&#115;cript:alert(1)',
    ' java\tscript:alert(1)',
    '\u0001javascript:alert(1)',
    'vbscript:x',
    'data:text/html,<script>alert(1)</script>',
    'blob:https://example.org/1',
    'file:///etc/passwd',
    '/api/v1/accounts',
    '#top',
    '',
  ])
    assert.equal(clean(`<a href="${href}">a</a>`).html, '<a>a</a>', href)
})

test('a style keeps what has no address in it', () => {
  for (const [style, left] of [
    ['color: red; margin-top: 4px !important', 'color:red;margin-top:4px !important'],
    ['border:1px solid rgba(0,0,0,.1);font-family:"Times New Roman", serif', undefined],
    ['position:fixed;top:0;color:blue', 'color:blue'],
    ['color:expression(alert(1))', ''],
    ['behavior:url(//e)', ''],
    ['background:\\75rl(//e)', ''],
    ['background:u/**/rl(//e)', ''],
    ['background:image-set("//e" 1x)', ''],
    ['width:calc(1px)', ''],
    ['height:100vh;min-height:50DVH;width:50vw', 'width:50vw'],
    ['color:var(--x);content:attr(title)', ''],
    ['@import url(//e);color:red', 'color:red'],
    ['font-family:"a;}*{background:url(//e)}"', ''],
  ] as const) {
    const wanted = (left ?? style).replaceAll('"', '&quot;')
    const attribute = wanted === '' ? '' : ` style="${wanted}"`
    assert.equal(clean(`<p style='${style}'>p</p>`).html, `<p${attribute}>p</p>`, style)
  }
})

test('what lies elsewhere is told of, and shown when it is asked for', () => {
  for (const [html, shown] of [
    ['<img src="http://example.org/x.png">', '<img src="http://example.org/x.png" />'],
    ['<img src="//example.org/x.png">', '<img src="https://example.org/x.png" />'],
    ['<img src="h\nttps:\\\\example.org\\x">', '<img src="https://example.org/x" />'],
    ['<img srcset="https://example.org/1 1x, https://example.org/2 2x">', '<img src="https://example.org/1" />'],
    ['<td background="https://example.org/x">', '<td background="https://example.org/x"></td>'],
    [
      '<p style="background: URL( https://example.org/x ) no-repeat">',
      '<p style="background-image:url(&quot;https://example.org/x&quot;);background-repeat:no-repeat"></p>',
    ],
  ] as const) {
    const [without, asked] = [clean(html), clean(html, true)]
    assert.doesNotMatch(without.html, /example\.org/, html)
    assert.deepEqual([without.remote, asked], [true, { html: shown, remote: true }], html)
  }
  for (const html of [
    '<img src="cid:none">',
    '<img src="/x.png">',
    '<img src="ftp://e/x">',
    '<a href="https://e/">a</a>',
  ])
    assert.equal(clean(html, true).remote, false, html)
})

test('images of the message itself are shown', () => {
  for (const id of ['logo@example.org', 'logo%40example.org'])
    assert.equal(clean(`<img src="cid:${id}">`).html, '<img src="data:image/png;base64,QQ==" />')
  const drawn = '<img src="data:image/gif;base64,R0lGODlhAQABAAAAACw=" />'
  assert.equal(clean(drawn).html, drawn)
  assert.equal(clean('<img src="data:image/svg+xml;base64,PHN2Zz4=">').html, '<img />')
})

test('HTML that is made to take long does not', () => {
  const each = 1_000_000
  for (const piece of [
    '<div>',
    '<b><i>',
    '<',
    '<a ',
    '&',
    '<!--',
    'a=b ',
    '<p style="color:red;">',
    '<p style="rgb(',
  ]) {
    const html = piece.repeat(each / piece.length)
    for (const all of [html, `<p ${html}>`, `<p style="${html.replaceAll('"', '')}">`]) {
      const { user: before } = process.cpuUsage()
      clean(all)
      const ms = (process.cpuUsage().user - before) / 1000
      // Some 500 ms; minutes for what grows with the square.
      assert.ok(ms < 15_000, `${piece}: ${ms} ms of the processor`)
    }
  }
})

test('white space, quotes and comments where a pattern looks for more do not make it take long', () => {
  const spaces = ' '.repeat(100_000)
  for (const html of [
    `<p style="background:url(${spaces}x">`,
    `<p style="background:url('${spaces}x">`,
    `<p style="background:url(x)${spaces}x">`,
    `<p style="background:${`url(${' '.repeat(1000)}`.repeat(100)}">`,
    `<p style="${';'.repeat(500_000)}">`,
    `<p style="color:${'"'.repeat(500_001)}">`,
    `<p style="color:${'rgb('.repeat(200_000)}">`,
    `<a href="mailto:${'<!---->'.repeat(100_000)}">`,
    `<a href="https://example.org/${'&#60;!---->'.repeat(60_000)}">`,
    `<img srcset="${spaces}${','.repeat(100_000)}">`,
    `<img src="cid:${'%'.repeat(500_000)}">`,
    `<img src="data:image/png;base64,${' '.repeat(500_000)}!">`,
    `<p ${Array.from({ length: 60_000 }, (_, nth) => `a${nth}=b`).join(' ')}>`,
    `<p ${'style="color:red" '.repeat(30_000)}>`,
  ]) {
    const { user: before } = process.cpuUsage()
    clean(html)
    const ms = (process.cpuUsage().user - before) / 1000
    assert.ok(ms < 1000, `${html.slice(0, 60)}: ${ms} ms of the processor`)
  }
})

test('an image that is named a thousand times is shown as often as there is room for', () => {
  const image = `data:image/png;base64,${'A'.repeat(1024 ** 2)}`
  const pages = {
    pages: ['<img src="cid:a">'.repeat(500), '<img src="cid:a">'.repeat(500)],
    images: new Map([['a', image]]),
  }
  const shown = cleaned(pages, false).html.split(image).length - 1
  assert.equal(shown, Math.floor(mailLimits.shownImagesOctetsMax / image.length))
})

/** A thread that cleans, with what its API has logged of it. */
async function cleaning(
  bounds: Partial<CleanerBounds>,
  act: (
    clean: (html: string, isWanted?: () => boolean, destination?: string) => ReturnType<Cleaner['clean']>,
    logged: string[],
  ) => Promise<void>,
): Promise<void> {
  const logged: string[] = []
  const cleaner = new Cleaner(pino({ level: 'warn' }, { write: (line: string) => void logged.push(line) }), bounds)
  try {
    await act(
      (html, isWanted = () => true, destination = 'one') =>
        cleaner.clean(destination, { pages: [html], images: new Map() }, false, isWanted),
      logged,
    )
  } finally {
    await cleaner.close()
  }
}

/** Closes what is not open, so that nobody sees how deep it is: some 140,000 tags. */
const bottomless = `${'<b>'.repeat(5000)}${'</x>'.repeat(5000)}`.repeat(28)
const harmless = { html: { html: '<p>p</p>', remote: false }, withheld: null }
const reasons = (logged: readonly string[]) => logged.map((line) => JSON.parse(line).reason as unknown)

test('HTML that takes too long is given up, and what comes next is cleaned', async () => {
  await cleaning({ cleaningMs: 3000 }, async (clean, logged) => {
    const [given, next] = await Promise.all([clean(bottomless), clean('<p>p</p>')])
    assert.deepEqual([given, next], [{ html: null, withheld: 'slow' }, harmless])
    assert.deepEqual(reasons(logged), ['slow'])
  })
})

test('how long its thread needs to begin is not the fault of a message', async () => {
  // No thread has loaded its code by then.
  await cleaning({ cleaningMs: 40 }, async (clean) => {
    await until('one that is cleaned', async () => (await clean('<p>p</p>')).withheld === null)
  })
})

test('HTML that takes more memory than there is ends its thread alone, and what comes next is cleaned', async () => {
  await cleaning({ octetsMax: 24 * 1024 ** 2, cleaningMs: 60_000 }, async (clean, logged) => {
    const [given, next] = await Promise.all([clean('<'.repeat(1_000_000)), clean('<p>p</p>')])
    assert.deepEqual([given, next], [{ html: null, withheld: 'failed' }, harmless])
    assert.deepEqual(reasons(logged), ['ERR_WORKER_OUT_OF_MEMORY'])
  })
})

test('so many wait to be cleaned, and no more; whom nobody waits for any more is passed over', async () => {
  await cleaning({ waitingMax: 2 }, async (clean) => {
    let asked = 0
    const gone = () => {
      asked += 1
      return false
    }
    const [first, left, last, beyond] = await Promise.all([
      clean('<p>p</p>'),
      clean(bottomless, gone),
      clean('<p>p</p>'),
      clean(''),
    ])
    assert.deepEqual([first, last, beyond], [harmless, harmless, { html: null, withheld: 'busy' }])
    assert.deepEqual([left.html, asked], [null, 1])
  })
})

test('many messages of one destination, slow ones too, keep no other one from being cleaned', async () => {
  await cleaning({ cleaningMs: 3000, waitingMax: 1 }, async (clean) => {
    const order: string[] = []
    const asked = (html: string, destination: string) =>
      clean(html, undefined, destination).then(({ withheld }) => void order.push(`${destination}: ${withheld}`))
    await Promise.all([
      ...Array.from({ length: 12 }, () => asked(bottomless, 'one')),
      asked('<p>p</p>', 'another'),
      asked('<p>p</p>', 'a third'),
    ])
    assert.deepEqual(order.slice(10), ['one: slow', 'another: null', 'a third: null', 'one: slow'])
    assert.deepEqual(new Set(order.slice(0, 10)), new Set(['one: busy']))
  })
})

test('what waits holds no more than there is room for; what goes is of who holds most', async () => {
  await cleaning({ waitingOctetsMax: 1000 }, async (clean) => {
    const page = '<p>p</p>'
    const given = await Promise.all([
      clean(page),
      clean('x'.repeat(600), undefined, 'one'),
      clean(page, undefined, 'another'),
      clean('x'.repeat(600), undefined, 'one'),
      clean(page, undefined, 'a third'),
    ])
    assert.deepEqual(
      given.map(({ withheld }) => withheld),
      [null, null, null, 'busy', null],
    )
  })
})

test('a thread that has nothing to do ends, and another one comes when it is needed', async () => {
  const threads: Worker[] = []
  const begun = (thread: Worker) => threads.push(thread)
  process.on('worker', begun)
  await cleaning({ idleMs: 1 }, async (clean) => {
    assert.deepEqual(await clean('<p>p</p>'), harmless)
    await once(threads[0]!, 'exit')
    assert.deepEqual(await clean('<p>p</p>'), harmless)
  })
  process.off('worker', begun)
  assert.equal(threads.length, 2)
})

test('whoever ends it does not wait for the message that is being cleaned', async () => {
  let given: ReturnType<Cleaner['clean']> | undefined
  await cleaning({}, async (clean) => {
    const begun = once(process, 'worker') as Promise<[Worker]>
    given = clean(bottomless)
    const [thread] = await begun
    await once(thread, 'online')
  })
  assert.deepEqual(await given, { html: null, withheld: 'failed' })
})

test('text is text', () => {
  assert.match(htmlOfText('<b>&"'), />&lt;b&gt;&amp;&quot;</)
})

let browser: Browser
before(async () => {
  browser = await startBrowser()
})
after(async () => await browser.close())

test('a browser fetches nothing for what was cleaned, and images alone when they are asked for', async () => {
  const visits: string[] = []
  const server = createServer(({ url }, response) => {
    visits.push(String(url))
    response.end()
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  const at = (name: string) => `http://127.0.0.1:${(server.address() as AddressInfo).port}/${name}`
  const html = `<link rel=stylesheet href="${at('link')}"><style>@import "${at('import')}"; body { background: url(${at('css')}) }</style>
    <meta http-equiv=refresh content="0;url=${at('refresh')}"><base href="${at('base')}"><link rel=preload as=image href="${at('preload')}">
    <img src="${at('img')}"><img srcset="${at('srcset')} 1x"><picture><source srcset="${at('source')}"><img></picture>
    <table background="${at('background')}"><tr><td style="background:url(${at('style')})">t</td></tr></table>
    <div style="background-image:image-set('${at('image-set')}' 1x);list-style:url(${at('list')});cursor:url(${at('cursor')}),auto">d</div>
    <iframe src="${at('iframe')}"></iframe><object data="${at('object')}"></object><embed src="${at('embed')}">
    <video poster="${at('poster')}" src="${at('video')}" autoplay></video><audio src="${at('audio')}" autoplay></audio>
    <svg><image href="${at('svg')}"/><use href="${at('use')}#x"/></svg><input type=image src="${at('input')}">
    <script src="${at('script')}"></script><img src=x onerror="fetch('${at('onerror')}')"><body background="${at('body')}">`
  const visitsOf = async (shown: string, least: number) => {
    visits.length = 0
    const page = await browser.newPage()
    page.setDefaultTimeout(120_000)
    // Without the policy that the API sends: what is cleaned stands by itself.
    await page.setContent(shown, { waitUntil: 'networkidle' })
    // Pictures of styles are fetched when they are painted.
    await page.evaluate('new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))')
    await until('what it fetches', () => visits.length >= least)
    await page.close()
    return visits.toSorted()
  }
  assert.ok((await visitsOf(html, 6)).length > 5, 'a browser fetches what is not cleaned')
  assert.deepEqual(await visitsOf(documentOf(clean(html).html), 0), [])
  const asked = await visitsOf(documentOf(clean(html, true).html), 4)
  assert.deepEqual(asked, ['/background', '/img', '/srcset', '/style'])
  server.close()
})
