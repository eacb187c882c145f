/** Builds a module of the dashboard as its own build does, and loads it here if it needs no browser. */
import { build } from 'vite'

export async function pageModule<Exports>(path: string): Promise<Exports> {
  return (await import(await pageModuleUrl(path))) as Exports
}

/** For a page: it can import it. */
export async function pageModuleUrl(path: string): Promise<string> {
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
  return `data:text/javascript;base64,${Buffer.from(chunk.code).toString('base64')}`
}
