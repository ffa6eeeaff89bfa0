/** Loads the code of a view when it is first shown. */
import { Component, type ComponentChildren, type ComponentType } from 'preact'
import { useEffect, useState } from 'preact/hooks'
import { Button } from '../parts/button.tsx'
import { EmptyState } from '../parts/empty-state.tsx'
import type { ViewName } from '../route/route.ts'

/** A view is a module that exports `View`, which reads the route itself. */
interface ViewModule {
  readonly View: ComponentType
}

const LOADERS: Readonly<Record<ViewName, () => Promise<ViewModule>>> = {
  overview: () => import('../browse/overview.tsx'),
  service: () => import('../browse/service.tsx'),
  message: () => import('../browse/message.tsx'),
  enum: () => import('../browse/enum.tsx'),
  method: () => import('../call/call-view.tsx'),
  history: () => import('../saved/history-view.tsx'),
  health: () => import('../live/health-view.tsx'),
  channelz: () => import('../live/channelz-view.tsx'),
  metrics: () => import('../live/metrics-view.tsx'),
  samples: () => import('../samples/samples-view.tsx'),
}

/** What is shown. */
export interface ViewSlotProps {
  readonly view: ViewName
  /** The name in the route, such as that of a message. */
  readonly name: string
  readonly onShown: () => void
}

/** Draws a view. A fault in it leaves the rest of the page as it is; `onShown` is called once it is in the document. */
export function ViewSlot({ view, name, onShown }: ViewSlotProps) {
  const [loaded, setLoaded] = useState<{ view: ViewName; module: ViewModule } | { view: ViewName; error: unknown }>()
  useEffect(() => {
    let isCurrent = true
    LOADERS[view]().then(
      (module) => isCurrent && setLoaded({ view, module }),
      (error) => isCurrent && setLoaded({ view, error }),
    )
    return () => {
      isCurrent = false
    }
  }, [view])
  useEffect(onShown, [loaded])
  if (loaded?.view !== view) {
    return (
      <p class="loading" role="status">
        Loading
      </p>
    )
  }
  if ('error' in loaded) return <ViewFault error={loaded.error} />
  return (
    <ViewGuard key={view} name={name}>
      <loaded.module.View />
    </ViewGuard>
  )
}

/** Keeps a fault of a view, as with descriptors that nobody has thought of, from taking the page along. */
class ViewGuard extends Component<{ name: string; children: ComponentChildren }, { fault: ViewFaultAt | null }> {
  override state: { fault: ViewFaultAt | null } = { fault: null }

  override componentDidCatch(error: unknown) {
    this.setState({ fault: { error, name: this.props.name } })
  }

  override render() {
    const { fault } = this.state
    return fault?.name === this.props.name ? <ViewFault error={fault.error} /> : this.props.children
  }
}

/** What a view failed with. Another name may do. */
interface ViewFaultAt {
  readonly error: unknown
  readonly name: string
}

function ViewFault({ error }: { error: unknown }) {
  return (
    <EmptyState
      icon="warning"
      heading="h1"
      title="This view failed"
      actions={
        <Button kind="main" icon="refresh" onClick={() => location.reload()}>
          Reload the page
        </Button>
      }
    >
      <p>
        <code class="wrap" dir="auto">
          {error instanceof Error ? error.message : String(error)}
        </code>
      </p>
    </EmptyState>
  )
}
