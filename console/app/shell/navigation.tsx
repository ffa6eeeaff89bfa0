/** The navigation: the views of the server as a whole, and the tree of its API. */
import { useEffect } from 'preact/hooks'
import { Button } from '../parts/button.tsx'
import { useModal } from '../parts/dialog.tsx'
import { Icon, type IconName } from '../parts/icon.tsx'
import { linkTo, route, type ViewName } from '../route/route.ts'
import { api, facts } from '../session/facts.ts'
import { isNarrow } from './media.ts'
import { isDrawerOpen } from './open-dialogs.ts'
import { Tree } from './tree.tsx'
import { rows, setAllOpen } from './tree-state.ts'

/** Draws the navigation: beside the view, or in a drawer where the screen is narrow. */
export function Navigation() {
  if (!isNarrow.value) {
    return (
      <aside class="sidebar" aria-label="Navigation">
        <NavigationContent />
      </aside>
    )
  }
  return isDrawerOpen.value ? <Drawer /> : null
}

function Drawer() {
  const dialog = useModal(() => {
    isDrawerOpen.value = false
  })
  const close = () => dialog.current?.close()
  // Before the route changes, as nothing behind a modal dialog takes the focus.
  const clicked = (event: MouseEvent) => {
    const isLink = event.target instanceof Element && event.target.closest('a') !== null
    if (isLink && !event.defaultPrevented) close()
  }
  const { value } = route
  useEffect(() => {
    // Any other change of the route closes it too, as by the button of the phone.
    return () => {
      isDrawerOpen.value = false
    }
  }, [value])
  return (
    // biome-ignore lint/a11y/useKeyWithClickEvents: a link that is followed by keyboard is clicked too
    <dialog ref={dialog} class="drawer" aria-label="Navigation" onClick={clicked}>
      <div class="drawer-head">
        <span>Navigation</span>
        <Button kind="quiet" icon="close" label="Close" onClick={close} />
      </div>
      <NavigationContent />
    </dialog>
  )
}

function NavigationContent() {
  return (
    <nav class="nav" aria-label="Views and services">
      <ul class="nav-tools plain">
        {toolsOf().map(({ view, icon, text }) => (
          <li key={view}>
            <a class="nav-link" href={linkTo(view)} aria-current={route.value.view === view ? 'page' : undefined}>
              <Icon name={icon} />
              {text}
            </a>
          </li>
        ))}
      </ul>
      {rows.value.length > 0 && (
        <>
          <div class="nav-heading">
            <span>Services</span>
            <span class="row is-tight">
              <Button kind="quiet" isSmall icon="plus" label="Open all services" onClick={() => setAllOpen(true)} />
              <Button kind="quiet" isSmall icon="minus" label="Close all services" onClick={() => setAllOpen(false)} />
            </span>
          </div>
          <Tree />
        </>
      )}
    </nav>
  )
}

interface Tool {
  readonly view: ViewName
  readonly icon: IconName
  readonly text: string
}

/** What the server serves. */
function toolsOf(): Tool[] {
  const has = (service: string) => api.value?.registry.getService(service) !== undefined
  const tools: (Tool & { readonly isServed: boolean })[] = [
    { view: 'overview', icon: 'home', text: 'Overview', isServed: true },
    { view: 'samples', icon: 'sample', text: 'Samples', isServed: facts.value?.isDemo === true },
    { view: 'history', icon: 'history', text: 'History and collections', isServed: true },
    { view: 'health', icon: 'pulse', text: 'Health', isServed: has('grpc.health.v1.Health') },
    { view: 'channelz', icon: 'plug', text: 'Channelz', isServed: has('grpc.channelz.v1.Channelz') },
    { view: 'metrics', icon: 'gauge', text: 'Metrics', isServed: typeof facts.value?.metricsPath === 'string' },
  ]
  return tools.filter(({ isServed }) => isServed)
}
