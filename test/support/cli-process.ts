/** A process that runs the words of command lines, one after another or several at once: a process for each would take most of the time. Its folder and its environment are those of the shell. */
import { writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import { PassThrough, Readable } from 'node:stream'
import { run } from '../../cli/program.ts'
import type { Streams } from '../../cli/terminal.ts'

/** @see cliShell, which asks. */
const server = createServer((request, response) => {
  void (async () => {
    const pieces: Buffer[] = []
    for await (const piece of request) pieces.push(piece as Buffer)
    const headers = { 'content-type': request.headers['content-type'] ?? '' }
    const form = await new Response(Buffer.concat(pieces), { headers }).formData()
    const given = form.get('stdin')
    const stdin = Readable.from([given instanceof File ? Buffer.from(await given.arrayBuffer()) : Buffer.alloc(0)])
    const interrupted = new AbortController()
    response.on('close', () => interrupted.abort())
    const stdout = new PassThrough()
    stdout.pipe(response)
    const streams = { stdin, stdout, stderr: process.stderr } as unknown as Streams
    const [file = '', ...words] = form.getAll('word').map(String)
    writeFileSync(file, String(await run(words, process.env, streams, interrupted.signal)))
    stdout.end()
  })()
})
server.listen(process.argv[2], () => process.stdout.write('\n'))
