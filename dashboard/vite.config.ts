/** `dashboard/` -> `dist/dashboard/`: hashed names under assets/, each with a Brotli copy that the API hands out. */
import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { brotliCompressSync } from 'node:zlib'
import { defineConfig, type Plugin } from 'vite'

const compressed = /\.(?:js|css|svg)$/

function brotli(): Plugin {
  return {
    name: 'brotli',
    apply: 'build',
    writeBundle({ dir = '' }) {
      for (const name of readdirSync(dir, { recursive: true, encoding: 'utf8' }).filter((file) =>
        compressed.test(file),
      ))
        writeFileSync(join(dir, `${name}.br`), brotliCompressSync(readFileSync(join(dir, name))))
    },
  }
}

export default defineConfig({
  plugins: [brotli()],
  oxc: { jsx: { runtime: 'automatic', importSource: 'preact' } },
  // The API puts in front of it where browsers reach it.
  base: './',
  build: {
    outDir: '../dist/dashboard',
    emptyOutDir: true,
    // The CSP is strict: we use no `data:` URLs and no inline preload.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    target: ['chrome123', 'firefox121', 'safari17.5'],
    reportCompressedSize: false,
    // What most pages need is one chunk, and what reads mail another: a dozen small ones each are larger together.
    rolldownOptions: {
      // `npm start` shows what the build warns of: how long it took is none of it.
      checks: { bundlerTimings: false },
      output: {
        codeSplitting: {
          groups: [
            { name: 'common', minShareCount: 12 },
            { name: 'mailbox', test: /pages\/mailbox(?:\/|\.tsx)/ },
          ],
        },
      },
    },
  },
  // `npx vite dashboard` runs beside an API that listens where `npm start` lets it.
  server: { proxy: { '/api': 'http://127.0.0.1:8420', '/readyz': 'http://127.0.0.1:8420' } },
})
