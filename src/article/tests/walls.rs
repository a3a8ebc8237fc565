//! Pages that stand in place of articles, and articles about such pages.

use super::*;

#[test]
fn pages_that_stand_in_place_of_an_article_are_refused_with_the_reason() {
    let teaser = SENTENCES[0];
    let links = "<nav><a href=/a>World</a> <a href=/b>Politics</a></nav>";
    for (expected, pages) in [
        (NoArticle::Consent, CONSENT_PAGES),
        (NoArticle::SignIn, SIGN_IN_PAGES),
        (NoArticle::Subscribers, OFFERS),
        (NoArticle::NeedsScripts, SCRIPT_PAGES),
        (NoArticle::BotCheck, BOT_PAGES),
        (NoArticle::Missing, MISSING_PAGES),
        (NoArticle::Notice, NOTICES),
    ] {
        for page in pages {
            let before = if expected == NoArticle::Subscribers {
                format!("<article><h1>A headline</h1><p>{teaser} {teaser}</p>")
            } else {
                String::new()
            };
            let html = format!(
                "<!doctype html><html><head><script>x()</script></head><body>{links}{before}{page}</body></html>"
            );
            assert_eq!(page_at(&html, None).map(|article| article.text), Err(expected), "{page}");
        }
    }
    for empty in [
        "<body><div id=root></div><script src=/app.js></script>",
        "<script>1</script><title>News</title><app-root></app-root>",
    ] {
        assert_eq!(page_at(empty, None), Err(NoArticle::NeedsScripts), "{empty}");
    }
    assert_eq!(page_at("<p>Nothing here but a line.</p>", None), Err(NoArticle::NotFound));
    let refresh = "<meta http-equiv=Refresh content='0; URL=/other'>";
    for page in [
        refresh.to_owned(),
        format!("<script>1</script>{refresh}<p>You are taken <a href=/other>there</a>.</p>"),
    ] {
        assert_eq!(page_at(&page, None), Err(NoArticle::Refresh), "{page}");
    }
    assert_eq!(
        page_at("<meta http-equiv=refresh content=300><p>A line.</p>", None),
        Err(NoArticle::NotFound)
    );
    assert!(page_at(&format!("{refresh}{}", article_of(teaser)), None).is_ok());
}

#[test]
fn words_of_such_pages_in_headlines_and_paragraphs_are_news_too() {
    // People agree and accept in most paragraphs, and unions have names.
    for (headline, sentence) in [
        (
            "会谈在埃里温举行",
            "部长飞往埃里温，会谈讨论了贸易、天然气和边界问题，双方同意下周继续谈判，没有向媒体发表声明。",
        ),
        (
            "Talks in Brussels",
            "The European Union said on Monday that its ministers will meet in Yerevan next week, for a day.",
        ),
        (
            "Переговоры",
            "Министр дал согласие на встречу в Ереване, где стороны решили принять договор до конца года.",
        ),
    ] {
        let paragraphs: String = (1..=7).map(|number| format!("<p>{number}. {sentence}</p>")).collect();
        for html in [format!("<h1>{headline}</h1>{paragraphs}"), paragraphs.repeat(6)] {
            assert!(page_at(&html, None).is_ok(), "{headline}");
        }
    }
    let text = format!("<p>{0}</p><p>{0} So it was said.</p>", SENTENCES[0]);
    let dated = "<meta property=article:published_time content='2026-11-30T10:00:00+04:00'>";
    for headline in [
        "The boy who ran away could not be found",
        "Пропавшая девочка не найдена",
        "Why the CAPTCHA has to go",
        "Access denied: reporters at the gate",
    ] {
        assert!(page_at(&format!("{dated}<h1>{headline}</h1>{text}"), None).is_ok(), "{headline}");
    }
    let number = format!("<title>404 persons were hurt in the quake</title><h1>Flight PS-4041</h1>{text}");
    assert!(page_at(&number, None).is_ok());
}

#[test]
fn articles_about_such_pages_are_articles() {
    for topic in [
        "Cookies with chocolate need twelve minutes in the oven, as the bakers of the town know, and a little salt.",
        "The court decided on Monday that browsers may ask for a password only once, and that readers may log in later.",
        "The newspaper told its subscribers that it will print on Sundays, too, and that the price does not change.",
        "The committee wrote a report about JavaScript, which most programs of the ministry use, and about its faults.",
    ] {
        let paragraphs: String = (1..=7).map(|number| format!("<p>{number}. {topic}</p>")).collect();
        let html = format!(
            "<title>Topic</title><article><h1>A topic of the day</h1>{paragraphs}</article><footer>We use cookies. Sign in.</footer>"
        );
        assert_eq!(found(&html).text.lines().count(), 7, "{topic}");
    }
}

const CONSENT_PAGES: &[&str] = &[
    "<h1>Before you continue</h1><p>We and our partners use cookies and data to deliver and maintain services, track outages and protect against spam and fraud.</p><p>If you choose to accept all, we will also use cookies and your data to show personalised ads.</p><button>Accept all</button>",
    "<h1>Wir brauchen Ihre Einwilligung</h1><p>Wir und unsere Partner verwenden Cookies und verarbeiten personenbezogene Daten, um Inhalte zu messen und Werbung zu zeigen.</p><p>Mehr dazu in der Datenschutzerklärung, in der Sie Ihre Einwilligung widerrufen.</p>",
    "<p>Nous et nos partenaires utilisons des cookies pour stocker des données personnelles, comme votre visite sur ce site, et mesurer l'audience.</p><p>Vous pouvez retirer votre consentement à tout moment.</p>",
    "<p>Nosotros y nuestros socios utilizamos cookies para tratar datos personales, como su visita a este sitio, y mostrar publicidad.</p><p>Puede retirar su consentimiento en cualquier momento, aquí mismo.</p>",
    "<p>Noi e i nostri partner utilizziamo cookie e trattiamo dati personali, come la visita a questo sito, per mostrare annunci e misurare.</p>",
    "<p>Мы используем файлы cookie и обрабатываем персональные данные, чтобы показывать рекламу и измерять посещения сайта.</p><p>Продолжая, вы даёте согласие на использование cookie.</p>",
    "<p>Używamy plików cookie i przetwarzamy dane; prosimy o zgodę na przetwarzanie danych osobowych przez nas i naszych partnerów w celach reklamowych.</p>",
    "<p>Sitemizde çerez kullanıyoruz ve kişisel verilerinizi işliyoruz; devam ederek çerez kullanımını kabul etmiş olursunuz, ayrıntılar aşağıda.</p>",
    "<p>当サイトではクッキーを使用し、個人情報を取り扱います。続行するには、クッキーの使用に同意してください。広告の表示と測定のために使われます。</p>",
    "<p>我们使用 Cookie 处理您的个人信息，以便展示广告并衡量访问量。继续浏览即表示您同意我们使用 Cookie。更多内容请阅读隐私政策的全文。</p>",
    "<p>نستخدم ملفات تعريف الارتباط لمعالجة البيانات الشخصية وعرض الإعلانات وقياس الزيارات. بالمتابعة فإنك توافق على ملفات تعريف الارتباط، وموافقتك مطلوبة.</p>",
    "<p>We recognise you are attempting to access this website from a country belonging to the European Economic Area (EEA) which enforces the General Data Protection Regulation (GDPR) and therefore access cannot be granted at this time.</p>",
];

const NOTICES: &[&str] = &[
    "<h1>Oops!</h1><p>We can't seem to find the page you're looking for. It may have been moved, renamed, or it is temporarily unavailable. Please check the address or use the search box.</p>",
    "<h1>We'll be right back</h1><p>Our site is undergoing scheduled maintenance and will be back shortly. We apologise for the inconvenience and thank you for your patience.</p>",
    "<h1>Age verification</h1><p>This website contains content that is only suitable for adults. Please confirm that you are 18 years of age or older to continue to the page that you asked for.</p>",
    "<h1>Please upgrade</h1><p>It looks like you are using an outdated browser. Please install the latest version of it to get the best experience on our website and to read the story.</p>",
    "<h1>Sorry</h1><p>This content is not available in your country. Due to licensing restrictions the page that you are trying to reach can only be viewed from within the United Kingdom.</p>",
    "<p>Die gesuchte Seite wurde verschoben oder gelöscht, oder die Adresse wurde falsch eingegeben. Bitte benutzen Sie die Suche, um zu finden, was Sie möchten, oder beginnen Sie von vorn.</p>",
    "<p>На сайте ведутся технические работы. Мы скоро вернёмся, приносим извинения за временные неудобства и благодарим за терпение всех наших читателей, которые пришли сюда за новостями сегодня.</p>",
    "<p>お探しのページは移動または削除された可能性があります。アドレスをもう一度ご確認ください。トップページに戻って検索することもできます。</p>",
];

const SIGN_IN_PAGES: &[&str] = &[
    "<h1>Welcome back</h1><form>E-mail<input><input type=password></form><p>Sign in to read this page. Forgot your password? Create an account.</p>",
    "<h2>Anmelden</h2><p>Bitte einloggen, um diese Seite zu lesen. Passwort vergessen?</p>",
    "<p>Connectez-vous pour lire la page. Mot de passe oublié ?</p>",
    "<p>Inicia sesión para leer esta página. ¿Olvidó la contraseña?</p>",
    "<p>Accedi per leggere questa pagina, oppure registrati adesso.</p>",
    "<p>Войдите на сайт, чтобы прочитать страницу. Забыли пароль?</p>",
    "<p>Zaloguj się, aby przeczytać stronę. Nie pamiętasz hasła?</p>",
    "<p>Inloggen om deze pagina te lezen. Wachtwoord vergeten?</p>",
    "<p>ログインしてこのページをお読みください。パスワードをお忘れですか。</p>",
    "<p>请登录后阅读本页。忘记密码？</p>",
    "<p>يرجى تسجيل الدخول لقراءة الصفحة. هل نسيت كلمة المرور؟</p>",
    "<p>이 페이지를 읽으려면 로그인하십시오. 비밀번호를 잊으셨습니까?</p>",
];

const OFFERS: &[&str] = &[
    "<p>You have reached your limit of free articles.</p></article>",
    "<div>Subscribe to continue reading. Already a subscriber? Sign in</div></article>",
    "<div><p>This article is for subscribers only.</p><a href=/s>Offers</a></div></article>",
    "<p>Jetzt weiterlesen mit News Plus: ein Monat gratis.</p></article>",
    "<p>Cet article est réservé aux abonnés.</p></article>",
    "<p>Contenido exclusivo para suscriptores. Suscríbete para leer más.</p></article>",
    "<p>Contenuto riservato agli abbonati.</p></article>",
    "<p>Статья доступна только для подписчиков. Оформите подписку.</p></article>",
    "<p>Artykuł tylko dla prenumeratorów.</p></article>",
    "<p>Dit artikel is alleen voor abonnees.</p></article>",
    "<p>この記事は有料会員限定です。</p></article>",
    "<p>本文仅限订阅用户，付费阅读全文。</p></article>",
    "<p>هذا المقال للمشتركين فقط.</p></article>",
];

const SCRIPT_PAGES: &[&str] = &[
    "<noscript>x</noscript><p>Please enable JavaScript to read this page.</p>",
    "<p>JavaScript is required to run this app.</p>",
    "<p>Bitte aktivieren Sie JavaScript, um diese Seite zu sehen.</p>",
    "<p>Veuillez activer JavaScript pour voir cette page.</p>",
    "<p>Habilite JavaScript para ver esta página.</p>",
    "<p>Abilita JavaScript per vedere questa pagina.</p>",
    "<p>Пожалуйста, включите JavaScript в браузере.</p>",
    "<p>Włącz JavaScript, aby zobaczyć stronę.</p>",
    "<p>JavaScriptを有効にしてください。</p>",
    "<p>请启用JavaScript后浏览。</p>",
    "<p>يرجى تفعيل JavaScript.</p>",
    "<p>자바스크립트를 켜 주세요.</p>",
];

const BOT_PAGES: &[&str] = &[
    "<h1>Just a moment...</h1><p>news.example needs to review the security of your connection before proceeding.</p>",
    "<p>Verify you are human by completing the action below.</p>",
    "<h1>Pardon Our Interruption</h1><p>As you were browsing something about your browser made us think you were a bot.</p>",
    "<h1>Access Denied</h1><p>You don't have permission to access this page on this server.</p>",
    "<p>Our systems have detected unusual traffic from your computer network.</p>",
    "<p>Bestätigen Sie, dass Sie kein Roboter sind.</p>",
    "<p>Confirmez que vous n'êtes pas un robot.</p>",
    "<p>Подтвердите, что вы не робот.</p>",
    "<h1>DDoS protection</h1><p>Checking your browser before accessing the site.</p>",
    "<p>请完成安全验证。</p>",
    "<p>ロボットではありませんことを確認してください。</p>",
    "<p>Solve the CAPTCHA to go on.</p>",
];

const MISSING_PAGES: &[&str] = &[
    "<h1>404</h1><p>The page that you are looking for has moved, or was removed, or never was here at all, we are sorry. Try the search, or go back to the start.</p>",
    "<h1>Page not found</h1><p>Sorry.</p>",
    "<h1>Seite nicht gefunden</h1><p>Die Seite wurde verschoben.</p>",
    "<h1>Page introuvable</h1><p>Désolé.</p>",
    "<h1>Página no encontrada</h1>",
    "<h1>Pagina non trovata</h1>",
    "<h1>Страница не найдена</h1><p>Возможно, она была удалена.</p>",
    "<h1>Nie znaleziono strony</h1>",
    "<h1>Sayfa bulunamadı</h1>",
    "<h1>ページが見つかりません</h1>",
    "<h1>页面不存在</h1>",
    "<h1>الصفحة غير موجودة</h1>",
];
