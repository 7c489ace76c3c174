// Draws the charts when they come near, and switches the language. No request leaves the page.
(function () {
  "use strict";
  var root = document.documentElement;
  var button = document.getElementById("language");
  var articles = Array.prototype.slice.call(document.querySelectorAll(".charted"));

  function language() {
    return root.classList.contains("show-en") ? "en" : "zh";
  }

  function draw(article) {
    if (article.dataset.drawn || !window.Plotly) return;
    article.dataset.drawn = "yes";
    var figure = JSON.parse(article.querySelector("script").textContent);
    article.figure = figure;
    figure.titles.forEach(function (title, index) {
      figure.layout.annotations[index].text = title[language()];
    });
    window.Plotly.newPlot(article.querySelector(".chart"), figure.data, figure.layout, {
      displaylogo: false,
      responsive: true,
      modeBarButtons: [["toImage", "zoom2d", "pan2d", "resetScale2d"]]
    });
  }

  function relabel(article) {
    if (!article.dataset.drawn) return;
    var change = {};
    article.figure.titles.forEach(function (title, index) {
      change["annotations[" + index + "].text"] = title[language()];
    });
    window.Plotly.relayout(article.querySelector(".chart"), change);
  }

  if (button) {
    button.hidden = false;
    button.addEventListener("click", function () {
      var next = language() === "zh" ? "en" : "zh";
      root.classList.remove("show-zh", "show-en");
      root.classList.add("show-" + next);
      root.lang = next === "zh" ? "zh-CN" : "en";
      articles.forEach(relabel);
    });
  }

  if (!("IntersectionObserver" in window)) {
    articles.forEach(draw);
    return;
  }
  var observer = new IntersectionObserver(function (entries) {
    entries.forEach(function (entry) {
      if (entry.isIntersecting) draw(entry.target);
    });
  }, { rootMargin: "800px" });
  articles.forEach(function (article, index) {
    if (index === 0) draw(article);
    observer.observe(article);
  });
  window.addEventListener("beforeprint", function () { articles.forEach(draw); });
})();
