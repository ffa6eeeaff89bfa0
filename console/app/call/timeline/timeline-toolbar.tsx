/** What the user can do with a time line: pause it, filter it, keep it. */
import { Button } from '../../parts/button.tsx'
import { CopyButton } from '../../parts/copy-button.tsx'
import type { TimelineFilter } from './timeline-filter.ts'

/** What the toolbar changes. */
export interface TimelineToolbarProps {
  readonly filter: TimelineFilter
  readonly isPaused: boolean
  readonly onFilter: (filter: TimelineFilter) => void
  readonly onPause: (isPaused: boolean) => void
  readonly onSave: () => void
  /** Returns the text of what is shown. */
  readonly copied: () => string
}

/** Draws the toolbar. */
export function TimelineToolbar({ filter, isPaused, onFilter, onPause, onSave, copied }: TimelineToolbarProps) {
  return (
    <div class="row is-tight timeline-toolbar">
      <Button isSmall icon={isPaused ? 'play' : 'pause'} isPressed={isPaused} onClick={() => onPause(!isPaused)}>
        Pause
      </Button>
      <input
        type="search"
        class="input timeline-search"
        aria-label="Filter messages by text"
        placeholder="Filter"
        value={filter.text}
        onInput={(event) => onFilter({ ...filter, text: event.currentTarget.value })}
      />
      <select
        class="select timeline-direction"
        aria-label="Direction of messages"
        value={filter.direction}
        onChange={(event) => onFilter({ ...filter, direction: directionOf(event.currentTarget.value) })}
      >
        <option value="all">All</option>
        <option value="sent">Sent</option>
        <option value="received">Received</option>
      </select>
      <span class="call-spacer" />
      <CopyButton text={copied} label="Copy the time line" />
      <Button isSmall kind="quiet" icon="download" onClick={onSave}>
        Save
      </Button>
    </div>
  )
}

function directionOf(text: string): TimelineFilter['direction'] {
  return text === 'sent' || text === 'received' ? text : 'all'
}
