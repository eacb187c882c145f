/** Stands in place of a page whose subject is not there: it is not there yet, it is gone, or it could not be read. */
import type { Resource } from '../resource.ts'
import { Page } from './page.tsx'
import { EmptyState, ErrorState, Skeleton } from './states.tsx'

export function Missing({
  of,
  title,
  back,
  say,
}: {
  readonly of: Resource<unknown>
  readonly title: string
  readonly back: { readonly to: string; readonly name: string }
  readonly say: { readonly gone: string; readonly goneHint: string; readonly toAll: string }
}) {
  const { value: loaded } = of.now
  if (loaded.state === 'loading') return <Skeleton lines={8} />
  const isGone = loaded.state === 'ready' || loaded.problem.status === 404
  return (
    <Page title={isGone ? say.gone : title} back={back}>
      {isGone ? (
        <EmptyState icon="search" title={say.goneHint}>
          <a href={back.to}>{say.toAll}</a>
        </EmptyState>
      ) : (
        <ErrorState problem={loaded.problem} retry={() => of.reload()} />
      )}
    </Page>
  )
}
