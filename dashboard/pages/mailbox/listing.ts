/** The letters of a folder by their places in it. Those in sight are read a page at a time, and what lies far away is forgotten. */
import { type ReadonlySignal, signal } from '@preact/signals'
import { useEffect, useMemo } from 'preact/hooks'
import { get, isAborted, problemOf } from '../../client.ts'
import { resynced } from '../../live.ts'
import { readNoMore } from '../../pace.ts'
import type { Loaded } from '../../resource.ts'
import type { Letter, Letters } from '../../shapes.ts'

const pageLetters = 50
/** A thousand letters: what was just seen is still there when somebody scrolls back. */
const pagesKept = 20
/** Whoever scrolls on meanwhile does not need what was passed. */
const passedMs = 80

export interface Listed {
  readonly total: number
  readonly uidValidity: number
  readonly searched: Letters['searched']
  readonly pages: ReadonlyMap<number, readonly Letter[]>
}

export interface Range {
  readonly from: number
  readonly to: number
}

export class Listing {
  readonly path: string
  readonly now: ReadonlySignal<Loaded<Listed>>
  /** The place that is to be shown next. */
  readonly goal = signal<number | undefined>(undefined)
  /** The place whose row is to have the focus next; it is another object each time. */
  readonly cursor = signal<{ readonly place: number } | undefined>(undefined)
  /** The place that has the focus, or had it last. */
  place: number | undefined
  /** The first place in sight. */
  top = 0
  readonly #now = signal<Loaded<Listed>>({ state: 'loading' })
  #startsWith: string
  #range: Range = { from: 0, to: 0 }
  #turn = new AbortController()
  #soon: number | undefined

  /** @param uid the message that is shown first, if it is there. */
  constructor(path: string, uid: string) {
    this.path = path
    this.now = this.#now
    this.#startsWith = uid
  }

  get #listed(): Listed | undefined {
    const { value: loaded } = this.#now
    return loaded.state === 'ready' ? loaded.value : undefined
  }

  reload(): void {
    if (this.#now.peek().state === 'failed') this.#now.value = { state: 'loading' }
    void this.again()
  }

  /** Reads what is in sight once more. What is there stays until the answer has come. */
  readonly again = async (): Promise<void> => {
    const { signal: aborted } = this.#newTurn()
    try {
      const begins = this.#startsWith === '' ? undefined : await this.#placeOf(`uid=${this.#startsWith}`, aborted)
      const range = begins === undefined ? this.#range : { from: begins, to: begins }
      const numbers = pagesIn(range)
      const answers = await Promise.all(numbers.map(async (number) => await this.#page(number, aborted)))
      const [first] = answers
      if (aborted.aborted || first === undefined) return
      const pages = new Map(answers.map(({ items }, nth) => [numbers[nth] ?? 0, items]))
      this.#now.value = { state: 'ready', value: { ...first, pages } }
      this.#startsWith = ''
      if (begins !== undefined && begins > 0) this.goal.value = begins
      this.#fill()
    } catch (error) {
      if (aborted.aborted || isAborted(error)) return
      if (this.#now.peek().state !== 'ready') this.#now.value = { state: 'failed', problem: problemOf(error) }
    }
  }

  /** Says which places are in sight. */
  see(range: Range): void {
    this.#range = range
    this.#fill()
  }

  /** Gives the focus to the row at a place. */
  point(place: number): void {
    this.place = place
    this.cursor.value = { place }
  }

  /** Goes to the newest message of this day, or else to the next older one. */
  async goToDay(day: string): Promise<void> {
    const end = new Date(`${day}T00:00`)
    end.setDate(end.getDate() + 1)
    const place = await this.#placeOf(`before=${end.toISOString()}`, this.#turn.signal)
    const last = (this.#listed?.total ?? 1) - 1
    if (place !== undefined) this.goal.value = Math.max(0, Math.min(place, last))
  }

  /** Changes the letters that are there without asking. */
  change(one: (letter: Letter) => Letter): void {
    const { value: loaded } = this.#now
    if (loaded.state !== 'ready') return
    const pages = new Map([...loaded.value.pages].map(([number, letters]) => [number, letters.map(one)] as const))
    this.#now.value = { state: 'ready', value: { ...loaded.value, pages } }
  }

  stop(): void {
    window.clearTimeout(this.#soon)
    this.#turn.abort()
  }

  #newTurn(): AbortController {
    this.stop()
    this.#soon = undefined
    return (this.#turn = new AbortController())
  }

  async #page(number: number, aborted: AbortSignal): Promise<Letters> {
    return await get<Letters>(`${this.path}&limit=${pageLetters}&offset=${number * pageLetters}`, aborted)
  }

  /** Undefined: there is no such message in it. */
  async #placeOf(begins: string, aborted: AbortSignal): Promise<number | undefined> {
    try {
      return (await get<Letters>(`${this.path}&limit=1&${begins}`, aborted)).offset
    } catch (error) {
      if (problemOf(error).status === 404) return undefined
      throw error
    }
  }

  #missing(): number[] {
    const listed = this.#listed
    if (listed === undefined) return []
    const last = Math.floor(Math.max(0, listed.total - 1) / pageLetters)
    return pagesIn(this.#range).filter((number) => number <= last && !listed.pages.has(number))
  }

  /** Reads what is in sight and not there yet. */
  #fill(): void {
    if (this.#soon !== undefined || this.#missing().length === 0) return
    this.#soon = window.setTimeout(() => void this.#read(this.#turn.signal), passedMs)
  }

  async #read(aborted: AbortSignal): Promise<void> {
    const [number] = this.#missing()
    try {
      if (number !== undefined) this.#add(number, await this.#page(number, aborted))
    } catch {
      // What is missing is read when it is looked at again, or when the connection is back.
      return
    } finally {
      if (!aborted.aborted) this.#soon = undefined
    }
    if (!aborted.aborted) this.#fill()
  }

  #add(number: number, { items, ...answer }: Letters): void {
    const listed = this.#listed
    if (listed === undefined) return
    // Where the folder has changed, what was read before lies in other places.
    const isSame = listed.total === answer.total && listed.uidValidity === answer.uidValidity
    const pages = new Map(isSame ? listed.pages : [])
    pages.delete(number)
    pages.set(number, items)
    for (const oldest of pages.keys()) {
      if (pages.size <= pagesKept) break
      if (!pagesIn(this.#range).includes(oldest)) pages.delete(oldest)
    }
    this.#now.value = { state: 'ready', value: { ...answer, pages } }
  }
}

function pagesIn({ from, to }: Range): number[] {
  const [first, last] = [from, Math.max(from, to - 1)].map((place) => Math.floor(place / pageLetters))
  return Array.from({ length: (last ?? 0) - (first ?? 0) + 1 }, (_, nth) => (first ?? 0) + nth)
}

export function letterAt({ pages }: Listed, place: number): Letter | undefined {
  return pages.get(Math.floor(place / pageLetters))?.[place % pageLetters]
}

/** Undefined: it is not among the letters that are there. */
export function placeOf({ pages }: Listed, uid: number): number | undefined {
  for (const [number, letters] of pages) {
    const nth = letters.findIndex((letter) => letter.uid === uid)
    if (nth !== -1) return number * pageLetters + nth
  }
  return undefined
}

export function useListing(path: string, uid: string): Listing {
  const listing = useMemo(() => new Listing(path, uid), [path])
  useEffect(() => {
    // Reads at once, and each time the connection is back.
    const unsubscribe = resynced.subscribe(() => listing.reload())
    return () => {
      unsubscribe()
      readNoMore(listing.again)
      listing.stop()
    }
  }, [listing])
  return listing
}
