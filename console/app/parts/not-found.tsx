/** The view of a name that the API does not have, as when a link is older than the server. */
import { linkTo } from '../route/route.ts'
import { EmptyState } from './empty-state.tsx'

/** Draws it. `kind` is what was looked for, such as `method`. */
export function NotFound({ kind, name }: { kind: string; name: string }) {
  return (
    <EmptyState
      icon="search"
      heading="h1"
      title={`No such ${kind}`}
      actions={
        <a class="button" href={linkTo('overview')}>
          All services
        </a>
      }
    >
      <p>
        This server has no {kind} <code dir="auto">{name}</code>. It may have been renamed, or you may not be allowed to
        see it.
      </p>
    </EmptyState>
  )
}
