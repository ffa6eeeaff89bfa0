/** What the browser has kept: the history of calls, and collections. */
import { storedSignal } from '../parts/stored-signal.ts'
import { Tabs } from '../parts/tabs.tsx'
import { CollectionList } from './collection-list.tsx'
import { ExchangeBar } from './exchange-bar.tsx'
import { HistoryList } from './history-list.tsx'
import { StorageNotice } from './storage-notice.tsx'
import './saved.css'

const TABS = [
  { id: 'history', label: 'History', panel: () => <HistoryList /> },
  { id: 'collections', label: 'Collections', panel: () => <CollectionList /> },
]

const selected = storedSignal('session', 'saved-tab', 'history', (text): text is string => text !== '')

export function View() {
  return (
    <div class="stack saved">
      <div class="spread">
        <h1>History and collections</h1>
        <ExchangeBar />
      </div>
      <StorageNotice />
      <Tabs
        label="What is kept"
        tabs={TABS}
        selected={selected.value}
        onSelect={(id) => {
          selected.value = id
        }}
      />
      <p class="hint">All of this stays in this browser. Values of secret headers are never kept.</p>
    </div>
  )
}
