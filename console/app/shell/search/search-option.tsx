/** A result of the search. */

import { markParts } from './mark-parts.ts'
import { linkOf, type SearchEntry, scopeOf } from './search-entries.ts'

/** What is drawn. */
export interface SearchOptionProps {
  readonly entry: SearchEntry
  readonly query: string
  readonly id: string
  readonly isActive: boolean
  readonly onFollow: () => void
}

/** Draws a result, as a link that the mouse can also open elsewhere. */
export function SearchOption({ entry, query, id, isActive, onFollow }: SearchOptionProps) {
  return (
    <a
      id={id}
      class="search-option"
      role="option"
      tabIndex={-1}
      aria-selected={isActive}
      href={linkOf(entry)}
      onClick={(event) => {
        if (!event.ctrlKey && !event.metaKey && !event.shiftKey) onFollow()
      }}
    >
      <span class="search-kind">{entry.kind}</span>
      <span class="search-text">
        <bdi class="search-name">
          {markParts(entry.name, query).map(({ text, isMarked }, index) =>
            // Pieces have no identity but their place.
            isMarked ? <mark key={`${index}`}>{text}</mark> : <span key={`${index}`}>{text}</span>,
          )}
        </bdi>
        <bdi class="search-scope">{scopeOf(entry)}</bdi>
      </span>
    </a>
  )
}
