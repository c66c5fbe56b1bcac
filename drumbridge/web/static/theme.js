// The theme that was chosen, before anything is drawn; without a choice the system's holds.
{
  const chosen = localStorage.getItem("drumbridge.theme");
  if (chosen === "dark" || chosen === "light") document.documentElement.dataset.theme = chosen;
}
