// Runs before the first paint, so that a look that was set does not flash another one. The rest is in src/parts/look.ts.
try {
  const look = JSON.parse(localStorage.getItem("look") ?? "{}");
  for (const name of ["theme", "text", "code"])
    if (/^(light|dark|small|large)$/.test(look[name])) document.documentElement.dataset[name] = look[name];
} catch {
  // Storage is closed to this page, or something else wrote there: the look is the plain one.
}
