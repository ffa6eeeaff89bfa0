/** The frame of the page: header, and navigation beside the view of the current route. */
import { useEffect, useLayoutEffect, useRef } from 'preact/hooks'
import { Button } from '../parts/button.tsx'
import { Dialog } from '../parts/dialog.tsx'
import { Notice } from '../parts/notice.tsx'
import { route } from '../route/route.ts'
import { facts } from '../session/facts.ts'
import { hasNewApi, sessionState } from '../session/session.ts'
import { isSignInOpen } from '../session/sign-in-dialog.ts'
import { Header } from './header.tsx'
import { Navigation } from './navigation.tsx'
import { SearchSlot } from './search-slot.tsx'
import { SignIn } from './sign-in.tsx'
import { StartView } from './start-view.tsx'
import { titleOf } from './title-of.ts'
import { ViewSlot } from './view-slot.tsx'

/** Draws the page. */
export function App() {
  return (
    <>
      <button type="button" class="skip-link" onClick={skipToMain}>
        Skip to content
      </button>
      <Header />
      <div class="body">
        <Navigation />
        <Main />
      </div>
      <SearchSlot />
      {isSignInOpen.value && <SignInDialog />}
    </>
  )
}

/** A button rather than a link, as the hash of the URL is the route. */
function skipToMain(): void {
  document.getElementById('main')?.focus()
}

function Main() {
  const { view, name } = route.value
  const state = sessionState.value
  const server = facts.value?.title ?? 'Console'
  useEffect(() => {
    document.title = titleOf({ view, name }, server)
  }, [view, name, server])
  const focusHeading = useHeadingFocus(`${view}/${name}`)
  return (
    <main class="main" id="main" tabIndex={-1}>
      {hasNewApi.value && <NewApiNotice />}
      {state.kind === 'ready' ? (
        <ViewSlot view={view} name={name} onShown={focusHeading} />
      ) : (
        <StartView state={state} />
      )}
    </main>
  )
}

/** Moves the focus to the heading on a change of the route, as the browser would with a page. Returns what to call once a view is there. */
function useHeadingFocus(place: string): () => void {
  const focused = useRef(place)
  const focusHeading = () => {
    if (focused.current === place) return
    const heading = document.querySelector<HTMLElement>('#main h1')
    if (heading === null) return
    focused.current = place
    heading.tabIndex = -1
    heading.focus({ preventScroll: true })
  }
  // Before the effects of the view, which may scroll to what its link names.
  useLayoutEffect(() => {
    if (focused.current !== place) scrollTo(0, 0)
  }, [place])
  // Also where the view stays and only its name changes.
  useEffect(focusHeading, [place])
  return focusHeading
}

function NewApiNotice() {
  return (
    <div class="page new-api">
      <Notice tone="warn" actions={<Button onClick={() => location.reload()}>Reload</Button>}>
        The server has another API by now. Reload the page to see it.
      </Notice>
    </div>
  )
}

function SignInDialog() {
  const close = () => {
    isSignInOpen.value = false
  }
  return (
    <Dialog title="Credentials" onClose={close}>
      <SignIn onDone={close} />
    </Dialog>
  )
}
