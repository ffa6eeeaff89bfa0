/** Loads the search when it is first opened. */
import type { ComponentType } from 'preact'
import { useEffect, useState } from 'preact/hooks'

/** Draws the search. */
export function SearchSlot() {
  const [loaded, setLoaded] = useState<{ readonly SearchDialog: ComponentType }>()
  useEffect(() => {
    import('./search/search-dialog.tsx').then(setLoaded, () => {})
  }, [])
  return loaded === undefined ? null : <loaded.SearchDialog />
}
