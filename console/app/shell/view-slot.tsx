/** Loads the code of a view when it is first shown. */
import type { ComponentType } from 'preact'
import { useEffect, useState } from 'preact/hooks'
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

export function ViewSlot({ view }: { view: ViewName }) {
  const [shown, setShown] = useState<ViewModule | null>(null)
  useEffect(() => {
    let isCurrent = true
    LOADERS[view]().then((module) => isCurrent && setShown(module))
    return () => {
      isCurrent = false
    }
  }, [view])
  return shown === null ? <p role="status">Loading</p> : <shown.View />
}
