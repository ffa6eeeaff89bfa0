/** Panels of which one is shown: the tab pattern of ARIA, with arrow keys between the tabs. */
import type { ComponentChildren } from 'preact'
import { useId, useRef } from 'preact/hooks'

/** A tab and its panel. */
export interface Tab {
  readonly id: string
  readonly label: ComponentChildren
  /** Draws the panel. It is called while the tab is selected. */
  readonly panel: () => ComponentChildren
}

/** What a row of tabs holds. */
export interface TabsProps {
  /** What the tabs are about, for assistive technology. */
  readonly label: string
  readonly tabs: readonly Tab[]
  readonly selected: string
  readonly onSelect: (id: string) => void
}

/** Draws tabs, and the panel of the selected one. */
export function Tabs({ label, tabs, selected, onSelect }: TabsProps) {
  const base = useId()
  const list = useRef<HTMLDivElement>(null)
  const current = tabs.find(({ id }) => id === selected) ?? tabs[0]
  if (current === undefined) return null
  const select = (tab: Tab | undefined) => {
    if (tab === undefined) return
    onSelect(tab.id)
    list.current?.querySelector<HTMLElement>(`[data-tab="${CSS.escape(tab.id)}"]`)?.focus()
  }
  const pressed = (event: KeyboardEvent) => {
    const index = indexAfter(event.key, tabs.indexOf(current), tabs.length)
    if (index === undefined) return
    event.preventDefault()
    select(tabs[index])
  }
  return (
    <div>
      <div class="tabs" role="tablist" aria-label={label} ref={list} onKeyDown={pressed}>
        {tabs.map((tab) => (
          <button
            key={tab.id}
            type="button"
            class="tab"
            role="tab"
            id={`${base}-tab-${tab.id}`}
            data-tab={tab.id}
            aria-selected={tab === current}
            aria-controls={tab === current ? `${base}-panel` : undefined}
            tabIndex={tab === current ? 0 : -1}
            onClick={() => select(tab)}
          >
            {tab.label}
          </button>
        ))}
      </div>
      <div
        class="tab-panel"
        role="tabpanel"
        id={`${base}-panel`}
        aria-labelledby={`${base}-tab-${current.id}`}
        key={current.id}
      >
        {current.panel()}
      </div>
    </div>
  )
}

/** Returns which of `count` tabs a key leads to; undefined if it is no key of tabs. */
function indexAfter(key: string, index: number, count: number): number | undefined {
  const isRtl = document.documentElement.dir === 'rtl'
  if (key === (isRtl ? 'ArrowLeft' : 'ArrowRight')) return (index + 1) % count
  if (key === (isRtl ? 'ArrowRight' : 'ArrowLeft')) return (index + count - 1) % count
  if (key === 'Home') return 0
  if (key === 'End') return count - 1
  return undefined
}
