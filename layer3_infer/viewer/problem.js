// Says on the page itself that its scripts ran to their end, or what went wrong.
"use strict";
document.documentElement.dataset.scripts = "done";
