/** The history as a list: searched, pinned, opened again, deleted. */
import { useState } from 'preact/hooks'
import { Badge } from '../parts/badge.tsx'
import { Button } from '../parts/button.tsx'
import { Dialog } from '../parts/dialog.tsx'
import { EmptyState } from '../parts/empty-state.tsx'
import { countOf, formatDate, formatDuration } from '../parts/format.ts'
import { CallSummary } from './call-summary.tsx'
import { clearHistory, deleteEntry, type HistoryEntry, historyVersion, pinEntry, readHistory } from './history.ts'
import { searchHistory } from './history-search.ts'
import { SaveCall } from './save-call.tsx'
import { useFocusAfter } from './use-focus-after.ts'
import { useKept } from './use-kept.ts'

/** How many rows are drawn at first, and added each time. */
const PAGE = 100

/** Draws the list. */
export function HistoryList() {
  const entries = useKept(readHistory, historyVersion)
  if (entries === null) return <p role="status">Loading</p>
  if (entries.length > 0) return <SearchedList entries={entries} />
  return (
    <EmptyState icon="history" title="No calls yet">
      <p>Calls that you make appear here, so that you can look at them and make them again.</p>
    </EmptyState>
  )
}

function SearchedList({ entries }: { entries: readonly HistoryEntry[] }) {
  const [text, setText] = useState('')
  const [isPinnedOnly, setIsPinnedOnly] = useState(false)
  const [shown, setShown] = useState(PAGE)
  const found = searchHistory(entries, { text, isPinnedOnly })
  const { container, focusNext } = useFocusAfter(entries)
  const remove = async (index: number) => {
    const next = found[index + 1] ?? found[index - 1]
    focusNext(`[data-entry="${next?.id}"] .saved-delete`, 'input[type="search"]')
    await deleteEntry(found[index]?.id ?? '')
  }
  return (
    <div class="stack" ref={container}>
      <div class="row saved-filter">
        <input
          type="search"
          class="input"
          aria-label="Search the history"
          placeholder="Search methods, messages, headers and codes"
          dir="auto"
          value={text}
          onInput={(event) => setText(event.currentTarget.value)}
        />
        <label class="check">
          <input
            type="checkbox"
            checked={isPinnedOnly}
            onChange={(event) => setIsPinnedOnly(event.currentTarget.checked)}
          />
          Pinned only
        </label>
        <ClearButton />
      </div>
      <p class="hint" role="status">
        {found.length === entries.length
          ? countOf(entries.length, 'call')
          : `${found.length} of ${countOf(entries.length, 'call')}`}
      </p>
      {found.length > 0 && (
        <ol class="plain card is-flush saved-list" aria-label="Calls">
          {found.slice(0, shown).map((entry, index) => (
            <HistoryRow key={entry.id} entry={entry} onDelete={() => remove(index)} />
          ))}
        </ol>
      )}
      {found.length > shown && <Button onClick={() => setShown(shown + PAGE)}>Show more</Button>}
    </div>
  )
}

function HistoryRow({ entry, onDelete }: { entry: HistoryEntry; onDelete: () => void }) {
  const { call, code, startedAtMs, durationMs, isPinned, isCut, id } = entry
  const started = new Date(startedAtMs)
  return (
    <li class="saved-row" data-entry={id}>
      <CallSummary call={call} />
      <div class="saved-outcome row is-tight">
        {isCut && (
          <Badge tone="warn" title="Messages that were too large were not kept">
            shortened
          </Badge>
        )}
        <Badge tone={code === 'OK' ? 'good' : 'bad'}>{code}</Badge>
        <span class="small soft number">{formatDuration(durationMs)}</span>
        <time class="small soft number" dateTime={started.toISOString()}>
          {formatDate(started)}
        </time>
      </div>
      <div class="saved-actions">
        <Button
          kind="quiet"
          isSmall
          icon="star"
          label="Pin"
          title={isPinned ? 'Pinned: it stays when older calls are forgotten' : 'Pin'}
          isPressed={isPinned}
          onClick={() => pinEntry(id, !isPinned)}
        />
        <SaveCall saved={call} isLabelled={false} />
        <Button kind="quiet" isSmall icon="trash" label="Delete" class="saved-delete" onClick={onDelete} />
      </div>
    </li>
  )
}

function ClearButton() {
  const [isOpen, setIsOpen] = useState(false)
  const [keepsPinned, setKeepsPinned] = useState(true)
  const clear = async () => {
    await clearHistory({ keepsPinned })
    setIsOpen(false)
  }
  return (
    <>
      <Button icon="trash" onClick={() => setIsOpen(true)}>
        Clear
      </Button>
      {isOpen && (
        <Dialog title="Clear the history" onClose={() => setIsOpen(false)}>
          <div class="stack">
            <p>This deletes the calls from this browser. Collections stay as they are.</p>
            <label class="check">
              <input
                type="checkbox"
                checked={keepsPinned}
                onChange={(event) => setKeepsPinned(event.currentTarget.checked)}
              />
              Keep pinned calls
            </label>
            <div class="row">
              <Button kind="danger" onClick={clear}>
                Clear the history
              </Button>
              <Button onClick={() => setIsOpen(false)}>Cancel</Button>
            </div>
          </div>
        </Dialog>
      )}
    </>
  )
}
