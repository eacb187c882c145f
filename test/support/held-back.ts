/** Holds back the requests of a page until a test lets them go. */
import type { Page } from 'playwright-core'

type LetGo = () => void

/** @param url a glob. */
export async function heldBack(page: Page, url: string): Promise<{ next(): Promise<LetGo>; end(): void }> {
  let isOver = false
  const held: LetGo[] = []
  const waiting: ((one: LetGo) => void)[] = []
  await page.route(url, async (route) => {
    if (!isOver)
      await new Promise<void>((letGo) => {
        const next = waiting.shift()
        if (next === undefined) held.push(letGo)
        else next(letGo)
      })
    await route.continue()
  })
  return {
    next: async () => held.shift() ?? (await new Promise((resolve) => waiting.push(resolve))),
    /** Holds back nothing from now on. */
    end() {
      isOver = true
      for (const letGo of held.splice(0)) letGo()
    },
  }
}
