/** A stack, its dashboard, and a browser on a phone's screen in which the admin is signed in. */
import type { Browser, Page } from 'playwright-core'
import { type Served, serve, signIn, startBrowser } from './browser.ts'
import { closeAll } from './closing.ts'
import { type Stack, startStack } from './stack.ts'

export const phoneWidth = 390

export interface OpenedPage {
  readonly stack: Stack
  readonly served: Served
  readonly browser: Browser
  readonly page: Page
  close(): Promise<void>
}

/** @param world gives parts of the API's world in place of the stack's. */
export async function openPage(world: (stack: Stack) => Partial<Stack['world']> = () => ({})): Promise<OpenedPage> {
  const [stack, browser] = await Promise.all([startStack(), startBrowser()])
  let served: Served | undefined
  const close = async () =>
    await closeAll({ browser: () => browser.close(), served: () => served?.close(), stack: () => stack.stop() })
  try {
    served = await serve({ ...stack, world: { ...stack.world, ...world(stack) } })
    const page = await browser.newPage({ locale: 'en', viewport: { width: phoneWidth, height: 800 } })
    page.setDefaultTimeout(120_000)
    await signIn(page, served.url)
    return { stack, served, browser, page, close }
  } catch (error) {
    await close()
    throw error
  }
}
