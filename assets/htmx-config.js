// Served at the end of htmx, which reads it once the page is there.
Object.assign(htmx.config, {
  // No history cache: pages hold personal data.
  historyCacheSize: 0,
  refreshOnHistoryMiss: true,
  // The Content-Security-Policy allows neither.
  allowEval: false,
  allowScriptTags: false,
  includeIndicatorStyles: false,
  // New content reacts at once. With the default of 20 ms, which a slow phone makes far longer, a choice made
  // meanwhile is lost.
  defaultSettleDelay: 0,
  selfRequestsOnly: true,
  scrollBehavior: 'auto',
  // Responses with an error status are shown too.
  responseHandling: [
    { code: '204', swap: false },
    { code: '[23]..', swap: true },
    { code: '[45]..', swap: true, error: true },
  ],
});
