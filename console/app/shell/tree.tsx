/** The tree of services and methods: the tree pattern of ARIA, of which only the rows in sight are in the document. */
import type { TargetedKeyboardEvent } from 'preact'
import { useId, useRef } from 'preact/hooks'
import { pathOf } from '../api/api.ts'
import { Icon } from '../parts/icon.tsx'
import { MethodKind } from '../parts/method-kind.tsx'
import { VirtualList } from '../parts/virtual-list.tsx'
import { linkTo } from '../route/route.ts'
import { isCoarse } from './media.ts'
import { treeKeyAction } from './tree-keys.ts'
import { TREE_LEVELS, type TreeRow } from './tree-rows.ts'
import { activeKey, currentKey, rows, setOpen } from './tree-state.ts'

/** Opens or closes the row whose arrow was clicked, in place of following its link. */
function clicked(event: MouseEvent): void {
  const target = event.target instanceof Element ? event.target.closest('[data-toggles]') : null
  const key = target?.getAttribute('data-toggles')
  const row = rows.peek().find((each) => each.key === key)
  if (row === undefined || row.kind === 'method') return
  event.preventDefault()
  // Or else the list would scroll to the row that the keyboard is at, which may have moved.
  activeKey.value = row.key
  setOpen(row.key, !row.isOpen)
}

/** Draws the tree. */
export function Tree() {
  const base = useId()
  const element = useRef<HTMLDivElement>(null)
  const shown = rows.value
  const found = shown.findIndex(({ key }) => key === activeKey.value)
  const active = found === -1 ? 0 : found
  const rowHeightPx = isCoarse.value ? 42 : 30
  const pressed = (event: TargetedKeyboardEvent<HTMLDivElement>) => {
    const action = treeKeyAction(event, shown, active)
    if (action === undefined) return
    event.preventDefault()
    // A click leaves the focus on a row, which goes with it when it is scrolled away.
    event.currentTarget.focus()
    if (action.kind === 'open') setOpen(action.key, action.isOpen)
    if (action.kind === 'move') activeKey.value = action.key
    if (action.kind === 'follow') element.current?.querySelector<HTMLElement>(`[id="${base}-${active}"]`)?.click()
  }
  return (
    <div class="tree" ref={element}>
      <VirtualList
        count={shown.length}
        rowHeightPx={rowHeightPx}
        shownIndex={active}
        attributes={{
          class: 'tree-list',
          role: 'tree',
          'aria-label': 'Services',
          tabIndex: 0,
          'aria-activedescendant': shown.length === 0 ? undefined : `${base}-${active}`,
          onKeyDown: pressed,
          onClick: clicked,
        }}
        row={(index) => {
          const row = shown[index]
          return row === undefined ? null : (
            <Row key={row.key} row={row} id={`${base}-${index}`} isActive={index === active} heightPx={rowHeightPx} />
          )
        }}
      />
    </div>
  )
}

interface RowProps {
  readonly row: TreeRow
  readonly id: string
  readonly isActive: boolean
  readonly heightPx: number
}

function Row({ row, id, isActive, heightPx }: RowProps) {
  const isCurrent = row.key === currentKey.value
  const attributes = {
    id,
    role: 'treeitem',
    tabIndex: -1,
    class: `tree-row is-${row.kind}${isActive ? ' is-active' : ''}`,
    style: { height: `${heightPx}px` },
    'aria-level': TREE_LEVELS[row.kind],
    'aria-setsize': row.siblings,
    'aria-posinset': row.position,
    'aria-selected': isCurrent,
    'aria-expanded': row.kind === 'method' ? undefined : row.isOpen,
    'aria-current': isCurrent ? 'page' : undefined,
  } as const
  if (row.kind === 'package') {
    return (
      <div {...attributes} data-toggles={row.key}>
        <Toggle />
        <bdi class="tree-name" title={row.name}>
          {row.name === '' ? '(no package)' : row.name}
        </bdi>
      </div>
    )
  }
  if (row.kind === 'service') {
    const { service } = row
    return (
      <a {...attributes} href={linkTo('service', service.typeName)} onClick={() => isCurrent || setOpen(row.key, true)}>
        <Toggle toggles={row.key} />
        <Name text={service.name} title={service.typeName} isDeprecated={service.deprecated} />
      </a>
    )
  }
  const { method } = row
  return (
    <a {...attributes} href={linkTo('method', pathOf(method))}>
      <Name text={method.name} title={pathOf(method)} isDeprecated={method.deprecated} />
      <MethodKind method={method} />
    </a>
  )
}

/** A second target in the row, for the mouse: keyboards have the arrow keys. */
function Toggle({ toggles }: { toggles?: string }) {
  return (
    <span class="tree-toggle" aria-hidden="true" data-toggles={toggles}>
      <Icon name="chevron" />
    </span>
  )
}

function Name({ text, title, isDeprecated }: { text: string; title: string; isDeprecated: boolean }) {
  return (
    <bdi
      class={isDeprecated ? 'tree-name is-deprecated' : 'tree-name'}
      title={isDeprecated ? `${title} (deprecated)` : title}
    >
      {text}
      {isDeprecated && <span class="visually-hidden"> (deprecated)</span>}
    </bdi>
  )
}
