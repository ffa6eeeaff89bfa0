/** Components whose code is loaded when they are first drawn. */
import type { ComponentType } from 'preact'
import { useEffect, useState } from 'preact/hooks'
import { Notice } from './notice.tsx'

/** Returns a component that draws another one, as soon as its code is there. */
export function lazyComponent<P extends object>(load: () => Promise<ComponentType<P>>): ComponentType<P> {
  let known: ComponentType<P> | undefined
  return function LazyComponent(props: P) {
    // A component is a function, which a setter would call.
    const [Loaded, setLoaded] = useState(() => known)
    const [hasFailed, setHasFailed] = useState(false)
    useEffect(() => {
      if (known !== undefined) return
      load().then(
        (component) => {
          known = component
          setLoaded(() => component)
        },
        () => setHasFailed(true),
      )
    }, [])
    if (hasFailed) return <Notice tone="bad">A part of the page could not be loaded. Reload the page.</Notice>
    return Loaded === undefined ? null : <Loaded {...props} />
  }
}
