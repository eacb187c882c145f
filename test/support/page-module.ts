/** Builds a module of the dashboard that needs no browser, as its own build does, and loads it here. */
import { build } from 'vite'

export async function pageModule<Exports>(path: string): Promise<Exports> {
  const built = await build({
    configFile: false,
    logLevel: 'silent',
    build: {
      write: false,
      minify: false,
      target: 'node20',
      lib: { entry: path, formats: ['es'] },
    },
  })
  const [first] = Array.isArray(built) ? built : [built]
  const chunk = first !== undefined && 'output' in first ? first.output[0] : undefined
  if (chunk === undefined) throw new Error(`${path} is no module`)
  return (await import(`data:text/javascript;base64,${Buffer.from(chunk.code).toString('base64')}`)) as Exports
}
