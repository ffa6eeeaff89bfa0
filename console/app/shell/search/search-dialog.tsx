/** The search: a combobox over a list of results, as in https://www.w3.org/WAI/ARIA/apg/patterns/combobox/ */
import { useComputed, useSignal } from '@preact/signals'
import { useEffect, useId, useRef } from 'preact/hooks'
import { useModal } from '../../parts/dialog.tsx'
import { countOf, formatCount } from '../../parts/format.ts'
import { Icon } from '../../parts/icon.tsx'
import { api } from '../../session/facts.ts'
import { currentIndex } from './current-index.ts'
import { linkOf, type SearchEntry } from './search-entries.ts'
import { SearchOption } from './search-option.tsx'
import './search.css'

export { prepareSearch } from './current-index.ts'

/** How many results are shown. */
const LIMIT = 50

/** Draws the search. */
export function SearchDialog({ onClose }: { onClose: () => void }) {
  const dialog = useModal(onClose)
  const base = useId()
  const list = useRef<HTMLDivElement>(null)
  const query = useSignal('')
  const active = useSignal(0)
  const result = useComputed(() => search(query.value))
  const { entries, total } = result.value
  const close = () => dialog.current?.close()
  useEffect(() => {
    list.current?.querySelector('[aria-selected="true"]')?.scrollIntoView({ block: 'nearest' })
  }, [active.value, entries])
  const pressed = (event: KeyboardEvent) => {
    // Input methods have these keys for their own candidates.
    if (event.isComposing) return
    const next = indexAfter(event.key, active.value, entries.length)
    const entry = entries[active.value]
    if (next !== undefined) active.value = next
    else if (event.key === 'Enter' && entry !== undefined) follow(entry, close)
    else return
    event.preventDefault()
  }
  return (
    <dialog ref={dialog} class="dialog search" aria-label="Search the API">
      <div class="search-head">
        <Icon name="search" />
        <input
          class="search-input"
          type="text"
          role="combobox"
          aria-label="Services, methods, messages, enums and fields"
          aria-expanded={entries.length > 0}
          aria-controls={`${base}-list`}
          aria-autocomplete="list"
          aria-activedescendant={entries.length === 0 ? undefined : `${base}-${active.value}`}
          placeholder="Services, methods, messages, fields"
          autocomplete="off"
          spellcheck={false}
          value={query.value}
          onInput={(event) => {
            query.value = event.currentTarget.value
            active.value = 0
          }}
          onKeyDown={pressed}
        />
        <button type="button" class="button is-small" onClick={close}>
          Close
        </button>
      </div>
      <div
        class="search-results"
        id={`${base}-list`}
        role="listbox"
        aria-label="Results"
        ref={list}
        hidden={entries.length === 0}
      >
        {entries.map((entry, index) => (
          <SearchOption
            key={linkOf(entry)}
            entry={entry}
            query={query.value}
            id={`${base}-${index}`}
            isActive={index === active.value}
            onFollow={close}
          />
        ))}
      </div>
      <p class="search-foot hint" role="status">
        {footOf(query.value, entries.length, total)}
      </p>
    </dialog>
  )
}

function search(query: string): { readonly entries: readonly SearchEntry[]; readonly total: number } {
  const known = api.value
  if (known === null) return { entries: [], total: 0 }
  return currentIndex(known).find(query, LIMIT)
}

function follow(entry: SearchEntry, close: () => void): void {
  close()
  location.hash = linkOf(entry)
}

function footOf(query: string, shown: number, total: number): string {
  if (query.trim() === '') return 'Parts of names, or the starts of their words: sh finds SayHello.'
  if (total === 0) return 'Nothing has a name like that.'
  return total > shown ? `The best ${shown} of ${formatCount(total)} results` : countOf(total, 'result')
}

const PAGE = 8

/** Returns the option that a key leads to; undefined for keys that edit the text. */
function indexAfter(key: string, index: number, count: number): number | undefined {
  if (count === 0) return undefined
  if (key === 'ArrowDown') return (index + 1) % count
  if (key === 'ArrowUp') return (index + count - 1) % count
  if (key === 'PageDown') return Math.min(index + PAGE, count - 1)
  if (key === 'PageUp') return Math.max(index - PAGE, 0)
  return undefined
}
